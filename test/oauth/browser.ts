/** A browser as far as login and consent pages need one: cookies, redirects, forms. */
export class FormBrowser {
  readonly #cookies = new Map<string, string>();
  readonly #answers: Readonly<Record<string, string>>;
  /** `METHOD path` of every request. */
  readonly visited: string[] = [];

  /** `answers`: what is typed into fields, by name. */
  constructor(answers: Readonly<Record<string, string>>) {
    this.#answers = answers;
  }

  /** Follows redirects and sends every form on, until there is none; the last page. */
  async open(address: string, abort = false): Promise<{ url: URL; text: string }> {
    let url = new URL(address);
    let form: URLSearchParams | null = null;
    for (let step = 0; step < 30; step++) {
      this.visited.push(`${form === null ? 'GET' : 'POST'} ${url.pathname}`);
      const response = await fetch(url, {
        method: form === null ? 'GET' : 'POST',
        body: form,
        redirect: 'manual',
        headers: { cookie: [...this.#cookies].map((pair) => pair.join('=')).join('; ') },
      });
      for (const cookie of response.headers.getSetCookie()) {
        const [name, ...value] = cookie.split(';')[0]!.split('=');
        this.#cookies.set(name!, value.join('='));
      }
      const text = await response.text();
      const location = response.headers.get('location');
      form = null;
      if (location !== null) {
        url = new URL(location, url);
        continue;
      }
      const cancel = abort ? /href="([^"]*\/abort)"/.exec(text)?.[1] : undefined;
      if (cancel !== undefined) {
        url = new URL(cancel, url);
        continue;
      }
      const found = /<form([^>]*)>([\s\S]*?)<\/form>/.exec(text);
      if (found === null || response.status >= 400) return { url, text };
      url = new URL(/action="([^"]*)"/.exec(found[1]!)?.[1] ?? url.href, url);
      form = new URLSearchParams();
      for (const [input] of found[2]!.matchAll(/<input[^>]*>/g)) {
        const name = /name="([^"]*)"/.exec(input)?.[1];
        if (name !== undefined) form.set(name, this.#answers[name] ?? /value="([^"]*)"/.exec(input)?.[1] ?? '');
      }
    }
    throw new Error(`no end: ${this.visited.join(', ')}`);
  }
}
