import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createReader } from '../../drivers/registry.js';
import { loadGateway } from '../../src/config/load.js';
import type { TableModel } from '../../src/config/model.js';
import type { PushedFilter } from '../../src/scan/scan.js';
import { api, failureOf, newHarness, readText, scanAll, specOf } from './fixtures.js';

const SOAP_11 = 'http://schemas.xmlsoap.org/soap/envelope/';
const SOAP_12 = 'http://www.w3.org/2003/05/soap-envelope';

/** A table of a SOAP service, in the version of the protocol that the namespace names. */
async function soapTable(origin: string, namespace: string, headers: string): Promise<TableModel> {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-soap-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(
    join(folder, 'shop.yaml'),
    `base_url: ${origin}
driver: xml
retry: { attempts: 1 }
tables:
  orders:
    path: /service.asmx
    method: POST
    headers: { ${headers} }
    idempotent: true
    body:
      xml: |
        <s:Envelope xmlns:s="${namespace}"><s:Body>
          <List customer="{customer}"><Page>{page}</Page></List>
        </s:Body></s:Envelope>
    records: /Envelope/Body/ListResponse/Order
    pagination: { type: page, parameter: page, place: body }
    columns: { id: { type: integer, field: "@id" }, customer: text }
    filters: { customer: { operators: ["="], body: customer } }
`,
  );
  const { model } = await loadGateway({ configFile: null, dsnPaths: [folder], env: {} });
  return model.dsns[0]!.tables[0]!;
}

const envelope = (namespace: string, body: string): string =>
  `<?xml version="1.0"?><soap:Envelope xmlns:soap="${namespace}"><soap:Body>${body}</soap:Body></soap:Envelope>`;

const equals = (value: string): PushedFilter => ({ column: 'customer', operator: '=', values: [value] });

describe('a SOAP service', () => {
  it.each([
    ['1.1', SOAP_11, `SOAPAction: '"urn:shop#List"'`, 'text/xml; charset=utf-8', '"urn:shop#List"'],
    [
      '1.2',
      SOAP_12,
      `Content-Type: 'application/soap+xml; charset=utf-8; action="urn:shop#List"'`,
      'application/soap+xml; charset=utf-8; action="urn:shop#List"',
      undefined,
    ],
  ])('of version %s is told the action, and values as XML text', async (_version, namespace, headers, type, action) => {
    const seen: unknown[] = [];
    const bodies: string[] = [];
    const server = await api(async (request, response) => {
      seen.push(request.headers['content-type'], request.headers.soapaction);
      bodies.push(await readText(request));
      const orders = bodies.length > 2 ? '' : `<Order id="${bodies.length}"><customer>A &amp; B</customer></Order>`;
      response.writeHead(200, { 'content-type': 'text/xml' });
      response.end(envelope(namespace, `<ListResponse>${orders}</ListResponse>`));
    });
    const { scanner } = newHarness({}, createReader);
    const value = `A & B <"x"> ]]>\n\t'ü'\r`;
    const { rows } = await scanAll(
      scanner,
      specOf(await soapTable(server.origin, namespace, headers), { filters: [equals(value)] }),
    );
    expect(rows).toEqual([
      ['1', 'A & B'],
      ['2', 'A & B'],
    ]);
    expect(new Set(seen)).toEqual(new Set([type, action]));
    expect(bodies[0]).toContain(
      '<List customer="A &amp; B &lt;&quot;x&quot;&gt; ]]&gt;&#10;&#9;&apos;ü&apos;&#13;"><Page>1</Page></List>',
    );
    expect(bodies[1]).toContain('<Page>2</Page>');
    await scanner.close();
  });

  it.each([
    [
      '1.1',
      SOAP_11,
      '<soap:Fault><faultcode>soap:Server</faultcode><faultstring>No &lt;such&gt; customer</faultstring></soap:Fault>',
    ],
    [
      '1.2',
      SOAP_12,
      '<soap:Fault><soap:Code><soap:Value>soap:Receiver</soap:Value></soap:Code><soap:Reason><soap:Text xml:lang="en">No &lt;such&gt; customer</soap:Text></soap:Reason></soap:Fault>',
    ],
  ])(
    'of version %s that answers a fault ends the scan with its text, whatever the status',
    async (_version, namespace, fault) => {
      for (const status of [500, 200]) {
        const server = await api(async (request, response) => {
          await readText(request);
          response.writeHead(status, { 'content-type': 'text/xml' }).end(envelope(namespace, fault));
        });
        const { scanner } = newHarness({}, createReader);
        const model = await soapTable(server.origin, namespace, 'SOAPAction: List');
        const error = await failureOf(scanAll(scanner, specOf(model)));
        expect(error.sqlstate).toBe('HV000');
        expect(`${error.message} ${error.detail}`).toContain('No <such> customer');
        await scanner.close();
      }
    },
  );

  it('is not sent what XML cannot hold', async () => {
    const server = await api((_request, response) => response.end());
    const { scanner } = newHarness({}, createReader);
    const model = await soapTable(server.origin, SOAP_11, 'SOAPAction: List');
    for (const value of ['a\u0001b', 'a\uffff']) {
      const error = await failureOf(scanAll(scanner, specOf(model, { filters: [equals(value)] })));
      expect(error.sqlstate).toBe('22P02');
      expect(error.message).toContain('"customer"');
    }
    expect(server.requests).toEqual([]);
    await scanner.close();
  });
});
