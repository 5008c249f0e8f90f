import { errors } from '../../core/errors.js';
import { parseXml, type XmlElement } from '../sample/xml-tree.js';

/** A property as the service declares it. */
export interface CsdlProperty {
  readonly name: string;
  /** Qualified: `Edm.String`, `NS.Address`, `Collection(Edm.String)`. */
  readonly type: string;
  readonly isNullable: boolean;
  readonly maxLength: number | null;
  readonly precision: number | null;
  readonly scale: number | null;
}

/** A way to another entity, with the properties that point to it. */
export interface CsdlNavigation {
  readonly name: string;
  /** The other entity's type; null where an association of an older version is not complete. */
  readonly target: string | null;
  readonly isCollection: boolean;
  /** Own property → property of the target. */
  readonly keys: readonly (readonly [string, string])[];
}

export interface CsdlType {
  readonly key: readonly string[];
  readonly properties: readonly CsdlProperty[];
  readonly navigations: readonly CsdlNavigation[];
}

export interface CsdlEntitySet {
  readonly name: string;
  readonly type: string;
  readonly isSingleton: boolean;
  /** Names of navigations → the sets they lead to. */
  readonly bindings: ReadonlyMap<string, string>;
}

/** What `$metadata` says (OData CSDL, versions 2 to 4.01). */
export interface Csdl {
  /** 2, 3 or 4. */
  readonly version: number;
  readonly entitySets: readonly CsdlEntitySet[];
  /** By qualified name, those inherited from the base type included. */
  readonly structured: ReadonlyMap<string, CsdlType>;
  readonly enums: ReadonlySet<string>;
  /** Type definitions by qualified name: the type they stand for. */
  readonly definitions: ReadonlyMap<string, string>;
}

const MAX_INHERITANCE = 20;

/** Reads a service's description. Throws HV000 for anything else. */
export function parseCsdl(text: string, name: string): Csdl {
  const root = parseXml(text, name);
  const schemas = root.children
    .filter(named('DataServices'))
    .flatMap((services) => services.children.filter(named('Schema')));
  if (root.name !== 'Edmx' || schemas.length === 0) {
    throw errors.apiError('the answer is not the description of an OData service', {
      detail: name,
      hint: 'Set "url" to the address below which the service has $metadata.',
    });
  }
  return new CsdlReader(root, schemas).read();
}

class CsdlReader {
  readonly #root: XmlElement;
  readonly #schemas: readonly XmlElement[];
  /** Schema aliases → namespaces. */
  readonly #aliases = new Map<string, string>();
  readonly #types = new Map<string, XmlElement>();
  readonly #associations = new Map<string, XmlElement>();

  constructor(root: XmlElement, schemas: readonly XmlElement[]) {
    this.#root = root;
    this.#schemas = schemas;
  }

  read(): Csdl {
    const enums = new Set<string>();
    const definitions = new Map<string, string>();
    for (const schema of this.#schemas) {
      const namespace = attribute(schema, 'Namespace');
      const alias = schema.attributes.get('Alias');
      if (alias !== undefined) this.#aliases.set(alias, namespace);
      for (const child of schema.children) {
        const name = `${namespace}.${attribute(child, 'Name')}`;
        if (child.name === 'EntityType' || child.name === 'ComplexType') this.#types.set(name, child);
        else if (child.name === 'EnumType') enums.add(name);
        else if (child.name === 'TypeDefinition') definitions.set(name, attribute(child, 'UnderlyingType'));
        else if (child.name === 'Association') this.#associations.set(name, child);
      }
    }
    const containers = this.#schemas.flatMap((schema) => schema.children.filter(named('EntityContainer')));
    return {
      version: this.#version(),
      entitySets: containers.flatMap((container) => this.#entitySets(container)),
      structured: new Map([...this.#types].map(([name, element]) => [name, this.#type(element, 0)])),
      enums,
      definitions,
    };
  }

  #version(): number {
    if (attribute(this.#root, 'Version').startsWith('4')) return 4;
    const services = this.#root.children.find(named('DataServices'))!;
    const version =
      services.attributes.get('MaxDataServiceVersion') ?? services.attributes.get('DataServiceVersion') ?? '2';
    return version.startsWith('3') ? 3 : 2;
  }

  #entitySets(container: XmlElement): CsdlEntitySet[] {
    return container.children
      .filter(({ name }) => name === 'EntitySet' || name === 'Singleton')
      .map((element) => ({
        name: attribute(element, 'Name'),
        type: this.#qualified(element.attributes.get('EntityType') ?? attribute(element, 'Type')),
        isSingleton: element.name === 'Singleton',
        bindings: new Map(
          element.children
            .filter(named('NavigationPropertyBinding'))
            .map((binding) => [attribute(binding, 'Path'), attribute(binding, 'Target').split('/').at(-1)!]),
        ),
      }));
  }

  #type(element: XmlElement, depth: number): CsdlType {
    const base = this.#types.get(this.#qualified(element.attributes.get('BaseType') ?? ''));
    const inherited = base === undefined || depth > MAX_INHERITANCE ? null : this.#type(base, depth + 1);
    const key = element.children.find(named('Key'))?.children.map((reference) => attribute(reference, 'Name'));
    return {
      key: key ?? inherited?.key ?? [],
      properties: [
        ...(inherited?.properties ?? []),
        ...element.children.filter(named('Property')).map((property) => this.#property(property)),
      ],
      navigations: [
        ...(inherited?.navigations ?? []),
        ...element.children.filter(named('NavigationProperty')).map((navigation) => this.#navigation(navigation)),
      ],
    };
  }

  #property(element: XmlElement): CsdlProperty {
    const number = (name: string): number | null => {
      const text = element.attributes.get(name) ?? '';
      return /^\d+$/.test(text) ? Number(text) : null;
    };
    return {
      name: attribute(element, 'Name'),
      type: this.#qualified(attribute(element, 'Type')),
      isNullable: element.attributes.get('Nullable') !== 'false',
      maxLength: number('MaxLength'),
      precision: number('Precision'),
      scale: number('Scale'),
    };
  }

  #navigation(element: XmlElement): CsdlNavigation {
    const name = attribute(element, 'Name');
    const type = element.attributes.get('Type');
    if (type === undefined) return this.#associated(name, element);
    const collection = /^Collection\((.*)\)$/.exec(type);
    return {
      name,
      target: this.#qualified(collection?.[1] ?? type),
      isCollection: collection !== null,
      keys: element.children
        .filter(named('ReferentialConstraint'))
        .map((constraint) => [attribute(constraint, 'Property'), attribute(constraint, 'ReferencedProperty')]),
    };
  }

  /** Versions 2 and 3 keep what joins two entities in an association of its own. */
  #associated(name: string, element: XmlElement): CsdlNavigation {
    const association = this.#associations.get(this.#qualified(attribute(element, 'Relationship')));
    const role = attribute(element, 'ToRole');
    const end = association?.children.find((child) => child.name === 'End' && child.attributes.get('Role') === role);
    const constraint = association?.children.find(named('ReferentialConstraint'));
    const principal = constraint?.children.find(named('Principal'));
    const dependent = constraint?.children.find(named('Dependent'));
    const isToPrincipal = principal?.attributes.get('Role') === role;
    const names = (side: XmlElement | undefined): string[] =>
      side?.children.map((child) => attribute(child, 'Name')) ?? [];
    return {
      name,
      target: end === undefined ? null : this.#qualified(attribute(end, 'Type')),
      isCollection: end?.attributes.get('Multiplicity') === '*',
      keys: isToPrincipal ? names(dependent).map((own, index) => [own, names(principal)[index] ?? ''] as const) : [],
    };
  }

  #qualified(type: string): string {
    const collection = /^Collection\((.*)\)$/.exec(type);
    if (collection !== null) return `Collection(${this.#qualified(collection[1]!)})`;
    const dot = type.lastIndexOf('.');
    const namespace = this.#aliases.get(type.slice(0, Math.max(dot, 0)));
    return namespace === undefined ? type : `${namespace}${type.slice(dot)}`;
  }
}

function named(name: string): (element: XmlElement) => boolean {
  return (element) => element.name === name;
}

function attribute(element: XmlElement, name: string): string {
  return element.attributes.get(name) ?? '';
}
