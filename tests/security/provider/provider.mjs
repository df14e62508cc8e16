// A real OIDC provider on loopback: `node provider.mjs PORT KEYS.json [ISSUER]`.
// Robots log in with client credentials; access tokens are JWTs (RFC 9068) for the resource asked.
import { readFileSync } from 'node:fs';
import Provider from 'oidc-provider';

const [port, keys, issuer = `http://127.0.0.1:${port}`] = process.argv.slice(2);
const scopes = ['ingest', 'allocation', 'valuation']
  .flatMap((service) => ['read', 'write', 'approve', 'admin'].map((action) => `${service}:${action}`))
  .join(' ');
const robot = (name) => ({
  client_id: name,
  client_secret: `${name}-secret`,
  grant_types: ['client_credentials'],
  response_types: [],
  redirect_uris: [],
  scope: scopes,
});
// What stands in a token's `aud`, and how long it lives, by the resource it was asked for.
const resources = {
  'urn:btim': { audience: 'btim', seconds: 600 },
  'urn:btim:short': { audience: 'btim', seconds: 6 },
  'urn:other': { audience: 'other', seconds: 600 },
};

const provider = new Provider(issuer, {
  jwks: JSON.parse(readFileSync(keys, 'utf8')),
  clients: [robot('robot'), robot('east')],
  scopes: scopes.split(' '),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, resource) => ({
        scope: scopes,
        audience: resources[resource].audience,
        accessTokenTTL: resources[resource].seconds,
        accessTokenFormat: 'jwt',
      }),
    },
  },
  extraTokenClaims: (_, token) =>
    token.clientId === 'east' ? { btim_consumers: ['EAST'] } : undefined,
});
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
