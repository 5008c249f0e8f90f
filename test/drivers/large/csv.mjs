/** A CSV file without an end of its own. */
export default {
  driver: {
    type: 'csv',
    delimiter: ',',
    quote: '"',
    escape: '"',
    header: true,
    skipLines: 0,
    comment: null,
    ragged: 'error',
    encoding: null,
  },
  records: null,
  head: 'id,name,at,price,paid,note,tags\n',
  separator: '\n',
  tail: '\n',
  record: (i) =>
    `${i},Customer ${i % 977},2024-02-29T12:30:00.25Z,${(i % 10_000) / 4},${i % 2 === 0},"said ""leave it\nin K\u00f6ln""","[""a"",{""b"":${i % 7}}]"`,
  columns: [
    ['id', 'bigint', 'id'],
    ['name', 'text', 'name'],
    ['at', 'timestamptz', 'at'],
    ['price', 'numeric', 'price'],
    ['paid', 'boolean', 'paid'],
    ['note', 'text', 'note'],
    ['tags', 'json', 'tags'],
  ],
};
