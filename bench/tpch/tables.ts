import { Random } from '../random.js';

/** A table of TPC-H with its rows as texts. */
export interface TpchTable {
  readonly name: string;
  readonly driver: 'json' | 'xml' | 'csv';
  readonly key: readonly string[];
  /** Name → SQL type. */
  readonly columns: Readonly<Record<string, string>>;
  /** Column → operators that its API applies. */
  readonly filters: Readonly<Record<string, readonly ('=' | '>=' | '<' | 'in')[]>>;
  readonly rows: readonly (readonly string[])[];
}

const REGIONS = ['AFRICA', 'AMERICA', 'ASIA', 'EUROPE', 'MIDDLE EAST'];
const NATIONS: readonly (readonly [string, number])[] = [
  ['ALGERIA', 0],
  ['ARGENTINA', 1],
  ['BRAZIL', 1],
  ['CANADA', 1],
  ['EGYPT', 4],
  ['ETHIOPIA', 0],
  ['FRANCE', 3],
  ['GERMANY', 3],
  ['INDIA', 2],
  ['INDONESIA', 2],
  ['IRAN', 4],
  ['IRAQ', 4],
  ['JAPAN', 2],
  ['JORDAN', 4],
  ['KENYA', 0],
  ['MOROCCO', 0],
  ['MOZAMBIQUE', 0],
  ['PERU', 1],
  ['CHINA', 2],
  ['ROMANIA', 3],
  ['SAUDI ARABIA', 4],
  ['VIETNAM', 2],
  ['RUSSIA', 3],
  ['UNITED KINGDOM', 3],
  ['UNITED STATES', 1],
];
const SEGMENTS = ['AUTOMOBILE', 'BUILDING', 'FURNITURE', 'MACHINERY', 'HOUSEHOLD'];
const PRIORITIES = ['1-URGENT', '2-HIGH', '3-MEDIUM', '4-NOT SPECIFIED', '5-LOW'];
const MODES = ['REG AIR', 'AIR', 'RAIL', 'SHIP', 'TRUCK', 'MAIL', 'FOB'];
const INSTRUCTIONS = ['DELIVER IN PERSON', 'COLLECT COD', 'NONE', 'TAKE BACK RETURN'];
const COLOURS = ['almond', 'forest', 'green', 'lemon', 'red', 'azure'];
const TYPES = [
  ['STANDARD', 'SMALL', 'MEDIUM', 'LARGE', 'ECONOMY', 'PROMO'],
  ['ANODIZED', 'BURNISHED', 'PLATED', 'POLISHED', 'BRUSHED'],
  ['TIN', 'NICKEL', 'BRASS', 'STEEL', 'COPPER'],
] as const;
const CONTAINERS = [
  ['SM', 'LG', 'MED', 'JUMBO', 'WRAP'],
  ['CASE', 'BOX', 'BAG', 'JAR', 'PACK', 'PKG'],
] as const;
const COMMENTS = [
  'quickly final deposits',
  'special packages requests',
  'Customer slow Complaints',
  'carefully ironic',
  'blithely even',
];
const START = Date.UTC(1992, 0, 1) / 86_400_000;

const dayText = (day: number): string => new Date((START + day) * 86_400_000).toISOString().slice(0, 10);
const MONEY = 'numeric(15,2)';

/** Makes the eight tables in the proportions and with the distributions that the queries depend on. */
export function makeTpch(scale: number): TpchTable[] {
  const random = new Random(42);
  const count = (base: number): number => Math.max(5, Math.round(base * scale));
  const money = (low: number, high: number): string => (random.int(low * 100, high * 100) / 100).toFixed(2);
  const [suppliers, parts, customers, orders] = [count(10_000), count(200_000), count(150_000), count(1_500_000)];
  const phone = (nation: number): string =>
    `${nation + 10}-${random.digits(3)}-${random.digits(3)}-${random.digits(4)}`;
  const region = REGIONS.map((name, key) => [String(key), name, random.pick(COMMENTS)]);
  const nation = NATIONS.map(([name, of], key) => [String(key), name, String(of), random.pick(COMMENTS)]);
  const supplier = Array.from({ length: suppliers }, (_, k) => {
    const of = k % 25;
    return [
      String(k + 1),
      `Supplier#${k + 1}`,
      `street ${k}`,
      String(of),
      phone(of),
      money(-999, 9999),
      random.pick(COMMENTS),
    ];
  });
  const part = Array.from({ length: parts }, (_, k) => [
    String(k + 1),
    `${random.pick(COLOURS)} ${random.pick(COLOURS)}`,
    `Manufacturer#${random.int(1, 5)}`,
    `Brand#${random.int(1, 5)}${random.int(1, 5)}`,
    TYPES.map((words) => random.pick(words)).join(' '),
    String(random.int(1, 50)),
    CONTAINERS.map((words) => random.pick(words)).join(' '),
    money(900, 1999),
    random.pick(COMMENTS),
  ]);
  const partsupp = part.flatMap(([key], k) =>
    [0, 1].map((n) => [
      key!,
      String(((k + n * 7) % suppliers) + 1),
      String(random.int(1, 9999)),
      money(1, 1000),
      random.pick(COMMENTS),
    ]),
  );
  const customer = Array.from({ length: customers }, (_, k) => {
    const of = random.int(0, 24);
    return [
      String(k + 1),
      `Customer#${k + 1}`,
      `road ${k}`,
      String(of),
      phone(of),
      money(-999, 9999),
      random.pick(SEGMENTS),
      random.pick(COMMENTS),
    ];
  });
  const lineitem: string[][] = [];
  const order = Array.from({ length: orders }, (_, k) => {
    const ordered = random.int(0, 2405);
    const lines = random.int(1, 7);
    for (let n = 1; n <= lines; n++) {
      const [partKey, supplierKey] = random.pick(partsupp);
      const quantity = random.chance(0.002) ? 330 : random.int(1, 50);
      const shipped = ordered + random.int(1, 121);
      const received = shipped + random.int(1, 30);
      const isOld = received < 1263;
      lineitem.push([
        String(k + 1),
        partKey!,
        supplierKey!,
        String(n),
        `${quantity}.00`,
        money(900, 50_000),
        `0.${random.pick(['00', '02', '05', '06', '07', '10'])}`,
        `0.0${random.int(0, 8)}`,
        isOld ? random.pick(['R', 'A']) : 'N',
        isOld ? 'F' : 'O',
        dayText(shipped),
        dayText(ordered + random.int(30, 90)),
        dayText(received),
        random.pick(INSTRUCTIONS),
        random.pick(MODES),
        random.pick(COMMENTS),
      ]);
    }
    const status = random.pick(['F', 'O', 'P', 'F']);
    // A third of the customers never order.
    const by = String(Math.min(customers, random.int(1, Math.max(1, Math.floor(customers / 3))) * 3 - 1));
    return [
      String(k + 1),
      by,
      status,
      money(900, 400_000),
      dayText(ordered),
      random.pick(PRIORITIES),
      `Clerk#${random.int(1, 9)}`,
      '0',
      random.pick(COMMENTS),
    ];
  });
  return [
    {
      name: 'region',
      driver: 'csv',
      key: ['r_regionkey'],
      filters: {},
      rows: region,
      columns: { r_regionkey: 'integer', r_name: 'text', r_comment: 'text' },
    },
    {
      name: 'nation',
      driver: 'xml',
      key: ['n_nationkey'],
      filters: { n_name: ['='] },
      rows: nation,
      columns: { n_nationkey: 'integer', n_name: 'text', n_regionkey: 'integer', n_comment: 'text' },
    },
    {
      name: 'supplier',
      driver: 'xml',
      key: ['s_suppkey'],
      filters: {},
      rows: supplier,
      columns: {
        s_suppkey: 'integer',
        s_name: 'text',
        s_address: 'text',
        s_nationkey: 'integer',
        s_phone: 'text',
        s_acctbal: MONEY,
        s_comment: 'text',
      },
    },
    {
      name: 'part',
      driver: 'xml',
      key: ['p_partkey'],
      filters: { p_size: ['=', 'in'], p_brand: ['='], p_container: ['='] },
      rows: part,
      columns: {
        p_partkey: 'integer',
        p_name: 'text',
        p_mfgr: 'text',
        p_brand: 'text',
        p_type: 'text',
        p_size: 'integer',
        p_container: 'text',
        p_retailprice: MONEY,
        p_comment: 'text',
      },
    },
    {
      name: 'partsupp',
      driver: 'csv',
      key: ['ps_partkey', 'ps_suppkey'],
      filters: {},
      rows: partsupp,
      columns: {
        ps_partkey: 'integer',
        ps_suppkey: 'integer',
        ps_availqty: 'integer',
        ps_supplycost: MONEY,
        ps_comment: 'text',
      },
    },
    {
      name: 'customer',
      driver: 'json',
      key: ['c_custkey'],
      filters: { c_mktsegment: ['='] },
      rows: customer,
      columns: {
        c_custkey: 'integer',
        c_name: 'text',
        c_address: 'text',
        c_nationkey: 'integer',
        c_phone: 'text',
        c_acctbal: MONEY,
        c_mktsegment: 'text',
        c_comment: 'text',
      },
    },
    {
      name: 'orders',
      driver: 'json',
      key: ['o_orderkey'],
      filters: { o_orderdate: ['>=', '<'] },
      rows: order,
      columns: {
        o_orderkey: 'integer',
        o_custkey: 'integer',
        o_orderstatus: 'text',
        o_totalprice: MONEY,
        o_orderdate: 'date',
        o_orderpriority: 'text',
        o_clerk: 'text',
        o_shippriority: 'integer',
        o_comment: 'text',
      },
    },
    {
      name: 'lineitem',
      driver: 'json',
      key: ['l_orderkey', 'l_linenumber'],
      filters: { l_shipdate: ['>=', '<'], l_shipmode: ['=', 'in'] },
      rows: lineitem,
      columns: {
        l_orderkey: 'integer',
        l_partkey: 'integer',
        l_suppkey: 'integer',
        l_linenumber: 'integer',
        l_quantity: MONEY,
        l_extendedprice: MONEY,
        l_discount: MONEY,
        l_tax: MONEY,
        l_returnflag: 'text',
        l_linestatus: 'text',
        l_shipdate: 'date',
        l_commitdate: 'date',
        l_receiptdate: 'date',
        l_shipinstruct: 'text',
        l_shipmode: 'text',
        l_comment: 'text',
      },
    },
  ];
}
