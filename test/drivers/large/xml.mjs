/** An XML document without an end of its own; its namespaces are filled in by the reader of the file. */
export default {
  driver: { type: 'xml', namespaces: null, encoding: null },
  records: '/Envelope/Body/List/Item',
  head: '<?xml version="1.0" encoding="utf-8"?>\n<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><List total="1">',
  separator: '\n',
  tail: '</List></s:Body></s:Envelope>\n',
  record: (i) =>
    `<Item id="${i}"><name>Customer ${i % 977} &amp; K\u00f6ln</name><at>2024-02-29T12:30:00.25Z</at><price>${(i % 10_000) / 4}</price><paid>${i % 2 === 0}</paid><note><![CDATA[<b>bold</b>]]></note><tag>a</tag><tag>b</tag><!-- ${i % 100 === 0 ? 'seldom' : ''} --></Item>`.replace(
      '<!--  -->',
      '',
    ),
  columns: [
    ['id', 'bigint', '@id'],
    ['name', 'text', 'name'],
    ['at', 'timestamptz', 'at'],
    ['price', 'numeric', 'price'],
    ['paid', 'boolean', 'paid'],
    ['note', 'text', 'note'],
    ['tags', 'text[]', 'tag'],
  ],
};
