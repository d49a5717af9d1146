// An OpenID provider of the npm registry on loopback, for tests: oidc-provider does
// all of the protocol. Here are what it leaves to whoever runs it: accounts, the
// page to sign in at and the page that asks for consent. A start knows nothing of what
// was before.
//   OIDC_PROVIDER  the folder of the library
//   SETTINGS       {"issuer", "port", "jwks": …, "client": …, "config": …}: its signing keys,
//                  the metadata of the one client, and what of the configuration differs
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const { default: Provider } = await import(pathToFileURL(join(process.env.OIDC_PROVIDER, 'lib/index.js')))
const settings = JSON.parse(process.env.SETTINGS)

// The password is the name, and so is the account's id; the code of everybody's
// second step is 246810.
const accounts = {
  bob: { email: 'bob@finteqx.tech', email_verified: true, preferred_username: 'bob' },
  eva: { email: 'eva@finteqx.tech', email_verified: true, preferred_username: 'eva' },
  robert: { email: 'robert@finteqx.tech', email_verified: true, preferred_username: 'bob@finteqx.tech' },
  unsure: { email: 'bob@finteqx.tech', email_verified: false },
}

const provider = new Provider(settings.issuer, {
  clients: [settings.client],
  jwks: settings.jwks,
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256'], userinfoSigningAlgValues: ['RS256', 'ES256'] },
  cookies: { keys: [randomUUID()] },
  pkce: { required: () => true },
  acrValues: ['urn:example:one', 'urn:example:two'],
  claims: { openid: ['sub', 'amr', 'acr'], email: ['email', 'email_verified'], profile: ['preferred_username'] },
  findAccount: (_, id) => accounts[id] && { accountId: id, claims: () => ({ sub: id, ...accounts[id] }) },
  features: { devInteractions: { enabled: false }, jwtUserinfo: { enabled: true } },
  ...settings.config,
})

const escape = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)
const page = (title, body) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1><form method="post">${body}</form>`
const signIn = (hint) => page('Sign in', `
  <label>Account <input id="account" name="account" value="${escape(hint)}"></label>
  <label>Password <input id="password" name="password" type="password"></label>
  <label>Code of your second step <input id="step" name="step"></label>
  <button id="sign-in" name="do" value="sign-in">Sign in</button> <button id="cancel" name="do" value="cancel">Cancel</button>`)
const consent = (client, scope) => page('Consent', `
  <p>${escape(client)} asks for: ${escape(scope)}</p>
  <button id="allow" name="do" value="allow">Allow</button> <button id="deny" name="do" value="deny">Deny</button>
  <button id="unapproved" name="do" value="unapproved">My administrator has yet to approve it</button>`)

async function form(req) {
  let text = ''
  for await (const part of req) text += part
  return new URLSearchParams(text)
}

// answer is what came of a page: undefined shows it again.
async function answer(said, { prompt, params, session, grantId }) {
  switch (`${prompt.name} ${said.get('do')}`) {
    case 'login sign-in': {
      const account = said.get('account').split('@')[0]
      if (!accounts[account] || said.get('password') !== account) return undefined
      const two = said.get('step') === '246810'
      return { login: { accountId: account, amr: two ? ['pwd', 'otp', 'mfa'] : ['pwd'], acr: two ? 'urn:example:two' : 'urn:example:one' } }
    }
    case 'consent allow': {
      const grant = grantId ? await provider.Grant.find(grantId) : new provider.Grant({ accountId: session.accountId, clientId: params.client_id })
      grant.addOIDCScope((prompt.details.missingOIDCScope ?? []).join(' '))
      grant.addOIDCClaims(prompt.details.missingOIDCClaims ?? [])
      return { consent: { grantId: await grant.save() } }
    }
    case 'consent unapproved':
      return { error: 'consent_required', error_description: 'an administrator has yet to approve this client' }
    case 'login cancel':
    case 'consent deny':
      return { error: 'access_denied', error_description: 'the person said no' }
  }
  return undefined
}

provider.use(async (ctx, next) => {
  if (!/^\/interaction\/[\w-]+$/.test(ctx.path)) return next()
  const asked = await provider.interactionDetails(ctx.req, ctx.res)
  const result = ctx.method === 'POST' ? await answer(await form(ctx.req), asked) : undefined
  if (result) {
    ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result))
    ctx.status = 303
    return
  }
  ctx.set('Cache-Control', 'no-store')
  ctx.body = asked.prompt.name === 'login' ? signIn(asked.params.login_hint ?? '') : consent(asked.params.client_id, asked.params.scope)
})

// What the provider refuses stands in its output, so that a test sees also what
// the client made good by asking once more.
for (const name of ['authorization.error', 'grant.error', 'userinfo.error', 'jwks.error', 'discovery.error', 'server_error']) {
  provider.on(name, (ctx, err) => console.log(`refused ${name} ${err.error ?? err.stack}: ${err.error_detail ?? err.error_description ?? ''}`))
}
provider.on('grant.success', () => console.log('granted'))

provider.listen(settings.port, '127.0.0.1')
