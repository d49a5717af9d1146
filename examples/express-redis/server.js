// A client portal in the classic Node stack: express, express-session and
// connect-redis as they come. It knows nothing of a second factor.
//   APP_PORT        where it listens
//   REDIS_PORT      where its sessions are, database 2
//   REDIS_PASSWORD  what Redis asks for
//   SESSION_SECRET  what its cookie is signed with
//   KEEP_ID         set: a sign-in keeps the session's id, as careless apps do
const express = require('express');
const session = require('express-session');
const RedisStore = require('connect-redis').default;
const { createClient } = require('redis');

const people = {
  alice: { password: 'alice-pass', mail: 'alice@acme.example' },
  bob: { password: 'bob-pass', mail: 'bob@acme.example' },
};

const layout = (req, title, body = '') => `<!doctype html><html lang="en"><title>${title}</title>
<nav>${req.session.user ? `<span id="who">${req.session.user.name}</span> <a href="/logout">Sign out</a>` : '<a href="/login">Sign in</a>'}</nav>
<main><h1>${title}</h1>${body}</main>`;

const form = `<form method="post"><input name="name" aria-label="Name"><input name="password" type="password" aria-label="Password"><button>Sign in</button></form>`;

async function main() {
  const client = createClient({
    url: `redis://127.0.0.1:${process.env.REDIS_PORT || 6379}/2`,
    password: process.env.REDIS_PASSWORD,
  });
  client.on('error', (err) => console.error(err.message));
  await client.connect();

  const app = express();
  app.use(express.urlencoded({ extended: false }));
  app.use(session({
    store: new RedisStore({ client }),
    secret: process.env.SESSION_SECRET,
    resave: false,
    saveUninitialized: true, // strangers have sessions too
  }));
  const signedIn = (req, res, next) => (req.session.user ? next() : res.redirect('/login'));

  app.get('/', (req, res) => res.send(layout(req, 'Welcome')));
  app.get('/login', (req, res) => res.send(layout(req, 'Sign in', form)));
  app.post('/login', (req, res) => {
    const { name, password } = req.body;
    if (!Object.hasOwn(people, name) || people[name].password !== password) {
      return res.status(403).send(layout(req, 'Wrong name or password', form));
    }
    const enter = () => {
      req.session.user = { name, mail: people[name].mail };
      req.session.save(() => res.redirect('/'));
    };
    return process.env.KEEP_ID ? enter() : req.session.regenerate(enter);
  });
  app.get('/logout', (req, res) => req.session.destroy(() => res.redirect('/')));
  app.get('/invoices', signedIn, (req, res) => res.send(layout(req, 'Invoices', `<p>Owed by ${req.session.user.name}: 1234.56</p>`)));
  app.get('/invoices/:id', signedIn, (req, res) => res.json({ id: req.params.id, of: req.session.user.name, owed: '1234.56' }));
  app.listen(process.env.APP_PORT || 8541, '127.0.0.1');
}

main();
