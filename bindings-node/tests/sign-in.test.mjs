import assert from 'node:assert/strict';
import test from 'node:test';
import { inspect } from 'node:util';

import { Client, ICloudError, SavedChallenge } from 'icloud-photos';

import { all, failure, fakeFor, folderFor, requests, reset } from './support.mjs';

async function challenged(fake) {
  const login = await new Client({ endpoints: fake.endpoints }).login(fake.username, fake.password);
  assert.equal(login.state, 'code_required');
  return login.challenge;
}

test('a code signs in', async (t) => {
  const fake = await fakeFor(t);
  const challenge = await challenged(fake);
  assert.equal(challenge.account, fake.username);
  assert.ok(challenge.hasDevices && !challenge.isTwoStep);
  assert.throws(() => fake.code(), { kind: 'not_found' }, 'nobody asked for one: no push was sent');
  await challenge.requestPush();
  const session = await challenge.submit(fake.code());
  assert.equal(session.account, fake.username);
  assert.match(session.dsid, /^\d+$/);
  assert.ok(session.trustedUntil === null || session.trustedUntil > new Date());
  assert.equal(await session.primaryLibrary.all().count(), 25);
});

test('a wrong code leaves the challenge alive', async (t) => {
  const fake = await fakeFor(t, { code: '314159' });
  const challenge = await challenged(fake);
  await challenge.requestPush();
  await assert.rejects(challenge.submit('000000'), { kind: 'code_rejected', retryable: false });
  assert.equal((await challenge.submit('314159')).account, fake.username);
});

test('what cannot be a code is not sent', async (t) => {
  const fake = await fakeFor(t);
  const challenge = await challenged(fake);
  await reset(fake);
  await assert.rejects(challenge.submit('not a code'), { kind: 'config' });
  assert.equal(await requests(fake), 0);
});

test('a wrong password is called that, and shown nowhere', async (t) => {
  const fake = await fakeFor(t);
  const error = await failure(new Client({ endpoints: fake.endpoints }).login(fake.username, 'a guess of mine'));
  assert.ok(error instanceof ICloudError && error instanceof Error);
  assert.equal(error.kind, 'bad_credentials');
  assert.ok(!error.retryable && error.attempts === null && error.retryAfterMs === null);
  assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /a guess of mine/);
});

test('what is no text is refused, and not quoted', async (t) => {
  const fake = await fakeFor(t);
  const client = new Client({ endpoints: fake.endpoints });
  for (const secret of [31337, { secret: '31337' }, ['31337'], Symbol('31337'), null]) {
    const error = await failure(client.login(fake.username, secret));
    assert.ok(error instanceof TypeError && !inspect(error).includes('31337'));
    assert.throws(() => client.resume({ json: secret }), (thrown) => thrown instanceof TypeError && !inspect(thrown).includes('31337'));
  }
  const challenge = await challenged(fake);
  await assert.rejects(challenge.submit(123456), TypeError);
});

test('a code by phone', async (t) => {
  const fake = await fakeFor(t, { state: 'sms-only' });
  const challenge = await challenged(fake);
  assert.ok(!challenge.hasDevices);
  const [phone] = challenge.phones;
  assert.ok(phone.number.includes('•') || phone.number.length > 0);
  await assert.rejects(challenge.sendCode({ ...phone, id: 'nobody' }), { kind: 'not_found' });
  await assert.rejects(challenge.sendCode(phone, { delivery: 'pigeon' }), { kind: 'config' });
  await challenge.sendCode(phone);
  assert.equal((await challenge.submit(fake.code())).account, fake.username);
});

test('a password alone, the old two-step verification, a locked account', async (t) => {
  const alone = await fakeFor(t, { state: 'password-only' });
  const login = await new Client({ endpoints: alone.endpoints }).login(alone.username, alone.password);
  assert.equal(login.state, 'complete');
  assert.equal(login.session.account, alone.username);
  const challenge = await challenged(await fakeFor(t, { state: 'two-step' }));
  assert.ok(challenge.isTwoStep && challenge.phones.length > 0);
  const locked = await fakeFor(t, { state: 'locked' });
  await assert.rejects(locked.signIn(), { kind: 'account_locked', message: /iforgot/ });
});

test('security keys', async (t) => {
  const fake = await fakeFor(t, { state: 'security-keys' });
  const login = await new Client({ endpoints: fake.endpoints }).login(fake.username, fake.password);
  assert.equal(login.state, 'security_key_required');
  assert.equal(login.error.kind, 'security_key_required');
  const { action } = login;
  assert.equal(action.relyingParty, 'apple.com');
  assert.ok(action.challenge && action.credentials.length > 0 && action.keyNames.length > 0);
  const nothing = { clientData: 'YQ==', signature: 'YQ==', authenticatorData: 'YQ==', credentialId: "nobody's" };
  await assert.rejects(action.submit(nothing), ICloudError);
});

for (const [state, kind] of [['terms', 'terms_required'], ['adp', 'advanced_data_protection'], ['web-access-off', 'web_access_disabled']]) {
  test(`what the owner must do after the code is thrown: ${state}`, async (t) => {
    const fake = await fakeFor(t, { state });
    await assert.rejects(fake.signIn(), { kind });
  });
}

/** Signs in again where no code is asked for any more, once the account has changed. */
async function trusted(t, changes) {
  const fake = await fakeFor(t);
  const client = new Client({ endpoints: fake.endpoints, sessions: await folderFor(t) });
  await fake.signIn(client);
  await fake.post(`account?username=${fake.username}`, changes);
  await fake.post('expire?what=sessions');
  return client.login(fake.username, fake.password);
}

test('new terms are accepted', async (t) => {
  const login = await trusted(t, { terms_update_needed: true });
  assert.equal(login.state, 'terms_required');
  assert.equal(login.error.kind, 'terms_required');
  const next = await login.action.accept();
  assert.equal(next.state, 'complete');
  assert.equal(await next.session.primaryLibrary.all().count(), 25);
});

test('a device consents', async (t) => {
  const adp = { consent_after: 1, cookies_after: 1, refused: false, lasts_seconds: 3600, says_locked: false };
  const login = await trusted(t, { adp });
  assert.equal(login.state, 'consent_required');
  assert.equal(login.error.kind, 'advanced_data_protection');
  await login.action.request();
  let session = null;
  for (let asked = 0; session === null && asked < 5; asked += 1) session = await login.action.poll();
  assert.equal(await session.primaryLibrary.all().count(), 25);
});

test('a challenge is answered by another client, and shown to nobody', async (t) => {
  const fake = await fakeFor(t, { code: '271828' });
  const challenge = await challenged(fake);
  await challenge.requestPush();
  const saved = await challenge.toSaved();
  for (const shown of [inspect(saved), inspect(saved, { showHidden: true }), JSON.stringify({ saved }), String(saved), inspect(challenge)]) {
    assert.ok(!shown.includes(saved.json.slice(1, -1)) && shown.length < 200, shown);
  }
  assert.ok(!saved.json.includes(fake.password));
  const client = new Client({ endpoints: fake.endpoints });
  const resumed = client.resume(new SavedChallenge(JSON.parse(JSON.stringify(saved.json))));
  assert.equal((await resumed.submit('271828')).account, fake.username);
  const error = await failure((async () => client.resume(new SavedChallenge('{"secret":"x"}')))());
  assert.ok(error.kind === 'config' && !inspect(error).includes('secret'));
});

test('doors and cooldowns', async (t) => {
  const fake = await fakeFor(t);
  const client = new Client({ endpoints: fake.endpoints });
  assert.equal(await client.cooldown(fake.username), null);
  const probe = await client.probe('setup');
  assert.ok(probe.host === '127.0.0.1' && probe.tookMs >= 0 && probe.here instanceof Date && !probe.isTurnedAway);
  await assert.rejects(client.probe('window'), { kind: 'config', message: /auth, setup/ });
  await assert.rejects(client.login('', 'x'), { kind: 'config' });
});

test('many clients at once', async (t) => {
  const fakes = await Promise.all(Array.from({ length: 8 }, (_, n) => fakeFor(t, { assets: n + 1, username: `user${n}@example.com` })));
  const sessions = await Promise.all(fakes.map((fake) => fake.signIn()));
  const seen = await Promise.all(sessions.map((session) => all(session.primaryLibrary.all())));
  assert.deepEqual(seen.map((assets) => assets.length), [1, 2, 3, 4, 5, 6, 7, 8]);
});
