import type { DemoApi } from '../../demo/demo-api.js';

/** Asks for a token with the API's own credentials in the body; the raw response. */
export function requestToken(
  api: DemoApi,
  fields: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${api.url}/oauth/token`, {
    method: 'POST',
    headers,
    body: new URLSearchParams({ grant_type: 'client_credentials', ...fields }),
  });
}

/** A token that works. */
export async function newToken(api: DemoApi): Promise<string> {
  const { clientId, clientSecret } = api.credentials;
  const response = await requestToken(api, { client_id: clientId, client_secret: clientSecret });
  const { access_token: token } = (await response.json()) as { access_token: string };
  return token;
}

/** GET with a token. */
export function get(api: DemoApi, path: string, token: string): Promise<Response> {
  return fetch(path.startsWith('http') ? path : api.url + path, { headers: { authorization: `Bearer ${token}` } });
}

/** An order as the API writes it. */
export interface WrittenOrder {
  readonly id: number;
  readonly customer: { readonly id: number; readonly name: string };
  readonly status: string;
  readonly amount: number;
  readonly created_at: string;
  readonly items_count: number;
  readonly note: string | null;
}

/** A page of orders as the API writes it. */
export interface OrderPage {
  readonly data: readonly WrittenOrder[];
  readonly page: number;
  readonly per_page: number;
  readonly total: number;
  readonly has_more: boolean;
}
