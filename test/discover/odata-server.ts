import { type RecordedRequest, type ScriptedResponse, startApi, type TestApi } from '../support/api-server.js';

/** An entity as the service has it. */
export type Entity = Readonly<Record<string, unknown>>;

const METADATA = `<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
<Schema Namespace="Shop" Alias="S" xmlns="http://docs.oasis-open.org/odata/ns/edm">
 <EnumType Name="Color"><Member Name="Red" Value="0"/><Member Name="Blue" Value="1"/></EnumType>
 <TypeDefinition Name="Money" UnderlyingType="Edm.Decimal"/>
 <ComplexType Name="Address"><Property Name="City" Type="Edm.String"/><Property Name="Zip" Type="Edm.String"/></ComplexType>
 <EntityType Name="Base" Abstract="true"><Key><PropertyRef Name="ID"/></Key><Property Name="ID" Type="Edm.Int32" Nullable="false"/></EntityType>
 <EntityType Name="Customer" BaseType="S.Base">
  <Property Name="CompanyName" Type="Edm.String" MaxLength="40" Nullable="false"/>
  <Property Name="Home" Type="S.Address"/>
  <NavigationProperty Name="Orders" Type="Collection(S.Order)" Partner="Customer"/>
 </EntityType>
 <EntityType Name="Order" BaseType="S.Base">
  <Property Name="CustomerID" Type="Edm.Int32"/>
  <Property Name="Total" Type="S.Money" Nullable="false"/>
  <Property Name="Price" Type="Edm.Decimal" Precision="10" Scale="2"/>
  <Property Name="PlacedAt" Type="Edm.DateTimeOffset"/>
  <Property Name="Day" Type="Edm.Date"/>
  <Property Name="Token" Type="Edm.Guid"/>
  <Property Name="Paid" Type="Edm.Boolean"/>
  <Property Name="Color" Type="S.Color"/>
  <Property Name="Tags" Type="Collection(Edm.String)"/>
  <Property Name="Photo" Type="Edm.Stream"/>
  <NavigationProperty Name="Customer" Type="S.Customer"><ReferentialConstraint Property="CustomerID" ReferencedProperty="ID"/></NavigationProperty>
 </EntityType>
 <EntityContainer Name="C">
  <EntitySet Name="Customers" EntityType="S.Customer"/>
  <EntitySet Name="Orders" EntityType="S.Order"><NavigationPropertyBinding Path="Customer" Target="Customers"/></EntitySet>
 </EntityContainer>
</Schema></edmx:DataServices></edmx:Edmx>`;

const PAGE_SIZE = 10;

/** Starts an OData 4 service that filters, sorts, selects, expands and pages, and answers 400 to a request that is not right. */
export async function startODataService(sets: Readonly<Record<string, readonly Entity[]>>): Promise<TestApi> {
  const api: TestApi = await startApi((request) => {
    if (request.path === '/odata/$metadata') return { headers: { 'content-type': 'application/xml' }, body: METADATA };
    const name = request.path.replace('/odata/', '');
    const entities = sets[name];
    if (entities === undefined) return { status: 404 };
    // Orders have the customer behind them in conditions and orders, whether or not it is expanded.
    const customers = new Map((sets.Customers ?? []).map((customer) => [customer.ID, customer]));
    const linked =
      name === 'Orders'
        ? entities.map((order) => ({ ...order, Customer: customers.get(order.CustomerID) ?? null }))
        : entities;
    return answer(linked, request, `${api.url}/odata/${name}`);
  });
  return api;
}

function answer(entities: readonly Entity[], { query }: RecordedRequest, url: string): ScriptedResponse {
  let found = entities;
  try {
    const filter = query.get('$filter');
    if (filter !== null) {
      const keep = new FilterReader(filter).read();
      found = found.filter((entity) => keep(entity) === true);
    }
  } catch (error) {
    return { status: 400, body: { error: { code: '400', message: `invalid $filter: ${(error as Error).message}` } } };
  }
  const shown = shape(query.get('$select'), query.get('$expand'));
  if (shown === null) return { status: 400, body: { error: { code: '400', message: 'invalid $select or $expand' } } };
  const count = found.length;
  const order = query.get('$orderby');
  if (order !== null) found = sorted(found, order);
  const top = query.get('$top');
  if (top !== null) found = found.slice(0, Number(top));
  const skip = Number(query.get('$skiptoken') ?? 0);
  const page = found.slice(skip, skip + PAGE_SIZE).map(shown);
  const next = new URL(url);
  for (const [name, value] of query) if (name !== '$skiptoken') next.searchParams.append(name, value);
  next.searchParams.set('$skiptoken', String(skip + PAGE_SIZE));
  return {
    body: {
      '@odata.context': `$metadata#${url}`,
      ...(query.get('$count') === 'true' ? { '@odata.count': count } : {}),
      value: page,
      ...(skip + PAGE_SIZE < found.length ? { '@odata.nextLink': next.href } : {}),
    },
  };
}

/** NULLs come first when ascending, as the standard has it. */
function sorted(entities: readonly Entity[], order: string): Entity[] {
  const keys = order.split(',').map((key) => key.trim().split(' ') as [string, string | undefined]);
  return [...entities].sort((a, b) => {
    for (const [property, direction] of keys) {
      const [left, right] = [readProperty(a, property), readProperty(b, property)];
      if (left === right) continue;
      const isLess = left === null || (right !== null && left < right);
      return isLess === (direction !== 'desc') ? -1 : 1;
    }
    return 0;
  });
}

/** What the service shows of an entity: the properties selected, and the customer only where it is expanded; null: not right. */
function shape(select: string | null, expand: string | null): ((entity: Entity) => Entity) | null {
  const expanded = expand === null ? null : /^Customer(?:\(\$select=([\w,/]+)\))?$/.exec(expand);
  if (expand !== null && expanded === null) return null;
  if (select?.split(',').some((path) => path.startsWith('Customer/')) === true) return null;
  return (entity) => {
    const { Customer: customer, ...own } = entity;
    const all = selected(own, select);
    if (expanded === null) return all;
    const inner = customer === null ? null : selected(customer as Entity, expanded[1] ?? null);
    return { ...all, Customer: inner };
  };
}

function selected(entity: Entity, select: string | null): Entity {
  if (select === null) return entity;
  const names = new Set(select.split(',').map((path) => path.split('/')[0]!));
  return Object.fromEntries(Object.entries(entity).filter(([name]) => names.has(name)));
}

type Truth = boolean | null;
type Value = string | number | boolean | null;
type Predicate = (entity: Entity) => Truth;

const PROPERTIES = [
  'ID',
  'CompanyName',
  'Customer/CompanyName',
  'Home/City',
  'Home/Zip',
  'CustomerID',
  'Total',
  'Price',
  'PlacedAt',
  'Day',
  'Token',
  'Paid',
  'Color',
];
const LITERALS: readonly (readonly [RegExp, (text: string) => Value])[] = [
  [/^null/, () => null],
  [/^(?:true|false)/, (text) => text === 'true'],
  [/^Shop\.Color'(?:Red|Blue)'/, (text) => text.slice(11, -1)],
  [/^'(?:[^']|'')*'/, (text) => text.slice(1, -1).replaceAll("''", "'")],
  [/^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/, (text) => text],
  [/^\d{4}-\d\d-\d\dT[\d:.]+Z/, (text) => Date.parse(text)],
  [/^\d{4}-\d\d-\d\d/, (text) => text],
  [/^-?\d+(?:\.\d+)?/, Number],
];

/** A small reader of `$filter`: comparisons, `and`, `or`, parentheses. Types must agree, as real services demand. */
class FilterReader {
  #rest: string;

  constructor(text: string) {
    this.#rest = text;
  }

  read(): Predicate {
    const predicate = this.#or();
    if (this.#rest.trim() !== '') throw new Error(`unexpected "${this.#rest}"`);
    return predicate;
  }

  #or(): Predicate {
    let left = this.#and();
    while (this.#take(/^\s+or\s+/) !== null) {
      const [a, b] = [left, this.#and()];
      left = (entity) => a(entity) === true || b(entity) === true;
    }
    return left;
  }

  #and(): Predicate {
    let left = this.#term();
    while (this.#take(/^\s+and\s+/) !== null) {
      const [a, b] = [left, this.#term()];
      left = (entity) => a(entity) === true && b(entity) === true;
    }
    return left;
  }

  #term(): Predicate {
    if (this.#take(/^\(/) !== null) {
      const inner = this.#or();
      if (this.#take(/^\)/) === null) throw new Error('a parenthesis is not closed');
      return inner;
    }
    const property = this.#take(/^[A-Za-z]+(?:\/[A-Za-z]+)?/);
    if (property === null || !PROPERTIES.includes(property)) throw new Error(`unknown property "${property}"`);
    const operator = this.#take(/^\s+(?:eq|ne|lt|le|gt|ge)\s+/)?.trim();
    if (operator === undefined) throw new Error(`no operator after "${property}"`);
    const literal = this.#literal(property);
    return (entity) => compare(readProperty(entity, property), operator, literal);
  }

  #literal(property: string): Value {
    for (const [pattern, convert] of LITERALS) {
      const text = this.#take(pattern);
      if (text === null) continue;
      const isText = ['CompanyName', 'Customer/CompanyName', 'Home/City', 'Home/Zip'].includes(property);
      if (text !== 'null' && isText !== text.startsWith("'"))
        throw new Error(`"${text}" is not of the type of "${property}"`);
      return convert(text);
    }
    throw new Error(`no literal at "${this.#rest}"`);
  }

  #take(pattern: RegExp): string | null {
    const found = pattern.exec(this.#rest)?.[0] ?? null;
    if (found !== null) this.#rest = this.#rest.slice(found.length);
    return found;
  }
}

function readProperty(entity: Entity, property: string): Value {
  const value = property.split('/').reduce<unknown>((at, key) => (at as Entity | null)?.[key], entity) ?? null;
  return property === 'PlacedAt' && value !== null ? Date.parse(value as string) : (value as Value);
}

function compare(left: Value, operator: string, right: Value): Truth {
  // This service compares texts without regard to case, as many do.
  const [a, b] = [fold(left), fold(right)];
  if (operator === 'eq') return a === b;
  if (operator === 'ne') return a !== b;
  if (a === null || b === null) return null;
  return operator === 'lt' ? a < b : operator === 'le' ? a <= b : operator === 'gt' ? a > b : a >= b;
}

function fold(value: Value): Value {
  return typeof value === 'string' ? value.toLowerCase() : value;
}
