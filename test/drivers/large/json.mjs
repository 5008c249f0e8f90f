/** A JSON document without an end of its own. */
export default {
  driver: { type: 'json', format: 'auto', encoding: null },
  records: '$.data[*]',
  head: '{"total":1,"data":[',
  separator: ',',
  tail: '],"next":null}',
  record: (i) =>
    `{"id":${i},"name":"Customer ${i % 977}","at":"2024-02-29T12:30:00.25Z","price":${(i % 10_000) / 4},"paid":${i % 2 === 0},"tags":["a",{"b":"said \\"x\\""}],"address":{"city":"K\u00f6ln","zip":"50667"}}`,
  columns: [
    ['id', 'bigint', 'id'],
    ['name', 'text', 'name'],
    ['at', 'timestamptz', 'at'],
    ['price', 'numeric', 'price'],
    ['paid', 'boolean', 'paid'],
    ['tags', 'json', 'tags'],
    ['city', 'text', '$.address.city'],
  ],
};
