// A certified OpenID Connect provider, for testing that our relying party gets on with one we did not write.
//
//   node provider.mjs <redirect-uri>
//
// Listens on a free port of 127.0.0.1, prints one line {"issuer": …, "client_id": …} when ready, and ends when its
// standard input closes, so that no test leaves it behind. Any login name is accepted: the account's subject is that
// name. People and keys exist only while it runs. `npm ci` in this folder installs what it needs; so does
// `cargo verify --only oidc`.
//
// Sign in as a browser would: GET the authorization address and follow redirects with cookies to /interaction/…; POST
// there `prompt=login&login=NAME&password=x`; follow redirects to the second interaction; POST `prompt=consent`; the
// last redirect carries the code.
import { createServer } from 'node:http';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import Provider from 'oidc-provider';

const redirectUri = process.argv[2];
if (!redirectUri) {
  console.error('usage: node provider.mjs <redirect-uri>');
  process.exit(2);
}

const signingKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
const clientId = 'tongqiao-test';

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: clientId,
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      redirect_uris: [redirectUri],
      id_token_signed_response_alg: 'ES256',
    }],
    jwks: { keys: [{ ...signingKey, use: 'sig', alg: 'ES256', kid: 'test-only' }] },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    pkce: { methods: ['S256'], required: () => true },
    claims: { openid: ['sub', 'assurance', 'subject_kind'], profile: ['name'] },
    conformIdTokenClaims: false,
    findAccount: (_context, subject) => ({
      accountId: subject,
      claims: () => ({
        sub: subject,
        name: '测试用户',
        subject_kind: 'person',
        assurance: { scale: 'test', value: '1' },
      }),
    }),
  });
  server.on('request', provider.callback());
  console.log(JSON.stringify({ issuer, client_id: clientId }));
});

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
