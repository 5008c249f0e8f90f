/** The optional fields of an error, as PostgreSQL's protocol names them. */
export interface ErrorFields {
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
  /** 1-based character position in the client's own statement text. */
  readonly position?: number | undefined;
  readonly cause?: unknown;
}

/**
 * The one error that Tidegate raises on purpose: it carries what a PostgreSQL client can show.
 * Message: lower case, no full stop, names quoted with `"`. Hint: a sentence that says what to change.
 */
export class GatewayError extends Error {
  readonly sqlstate: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  readonly position: number | undefined;

  constructor(sqlstate: string, message: string, fields: ErrorFields = {}) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = 'GatewayError';
    this.sqlstate = sqlstate;
    this.detail = fields.detail;
    this.hint = fields.hint;
    this.position = fields.position;
  }
}

/** Every SQLSTATE that Tidegate itself assigns, and what it stands for. */
export const SQLSTATES = {
  protocolViolation: '08P01',
  invalidAuthorization: '28000',
  wrongPassword: '28P01',
  featureNotSupported: '0A000',
  tooManyConnections: '53300',
  limitExceeded: '54000',
  readOnly: '25006',
  insufficientPrivilege: '42501',
  databaseNotFound: '3D000',
  stringTooLong: '22001',
  invalidParameter: '22023',
  invalidText: '22P02',
  numberOutOfRange: '22003',
  invalidDatetime: '22007',
  datetimeOutOfRange: '22008',
  timeZoneDisplacement: '22009',
  invalidEncoding: '22021',
  untranslatableCharacter: '22P05',
  badCopyFormat: '22P04',
  notNullViolation: '23502',
  apiError: 'HV000',
  cannotConnect: 'HV00N',
  filterRequired: 'HV00L',
  configuration: 'F0000',
  canceled: '57014',
  shuttingDown: '57P01',
  internal: 'XX000',
} as const;

type Factory = (message: string, fields?: ErrorFields) => GatewayError;

const factory =
  (sqlstate: string): Factory =>
  (message, fields) =>
    new GatewayError(sqlstate, message, fields);

/** A named factory per SQLSTATE: `throw errors.apiError('…', { hint: '…' })`. */
export const errors = Object.fromEntries(
  Object.entries(SQLSTATES).map(([name, sqlstate]) => [name, factory(sqlstate)]),
) as Readonly<Record<keyof typeof SQLSTATES, Factory>>;
