/** An answer of the demo API, before it is sent. */
export interface DemoResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An answer whose body is already text of that media type. */
export function textResponse(contentType: string, body: string): DemoResponse {
  return { status: 200, headers: { 'content-type': contentType }, body };
}

/** An answer in JSON; `body` may be finished JSON text or a value. */
export function jsonResponse(
  status: number,
  body: string | object,
  headers: Readonly<Record<string, string>> = {},
): DemoResponse {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: text };
}

/** An error in the demo's own form, `{"error":{"code":…,"message":…}}`. */
export function errorResponse(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): DemoResponse {
  return jsonResponse(status, { error: { code, message } }, headers);
}
