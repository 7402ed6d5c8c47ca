/**
 * What stands between a password and a session.
 *
 * @module
 */

import { inspect } from 'node:util';

import type {
  Challenge as NativeChallenge,
  Consent as NativeConsent,
  LoginOutcome,
  SecurityKey as NativeSecurityKey,
  Session as NativeSession,
  Terms as NativeTerms,
} from '#native';

import { ICloudError, errorOf } from './errors.js';
import { SavedChallenge } from './models.js';
import type { CodeDelivery, Phone } from './models.js';
import { numeric, objectOf, optionsOf, run, text } from './run.js';
import type { Cancellable } from './run.js';
import { Session } from './session.js';
import { shown } from './shown.js';

/** What a sign-in comes to; `state` says which. `error` is what to throw where nobody can act. */
export type Login =
  /** Signed in. */
  | { readonly state: 'complete'; readonly session: Session }
  /** Apple wants a code. */
  | { readonly state: 'code_required'; readonly challenge: Challenge }
  /** Apple has new terms, which the account's owner must accept. */
  | { readonly state: 'terms_required'; readonly action: TermsAction; readonly error: ICloudError }
  /** Advanced Data Protection is on: a device of the owner's must allow the access. */
  | { readonly state: 'consent_required'; readonly action: ConsentAction; readonly error: ICloudError }
  /** A security key must sign what Apple asks. */
  | { readonly state: 'security_key_required'; readonly action: SecurityKeyAction; readonly error: ICloudError };

/**
 * Apple wants a code. It waits for about ten minutes.
 *
 * The code comes from a trusted device, from a message or call to one of `phones`, or, on a device without network, from its settings. Nothing
 * is asked of Apple before one of the methods is called: a new push or message makes the codes before it worthless, so ask only when somebody
 * is there to read it.
 */
export class Challenge {
  readonly #native: NativeChallenge;

  private constructor(native: NativeChallenge) {
    this.#native = native;
  }

  /** @internal */
  static of(native: NativeChallenge): Challenge {
    return new Challenge(native);
  }

  /** Whose sign-in it is. */
  get account(): string {
    return this.#native.account;
  }

  /** The phones that a code can be sent to. */
  get phones(): Phone[] {
    return this.#native.phones;
  }

  /** Whether some trusted device can show a code. */
  get hasDevices(): boolean {
    return this.#native.hasDevices;
  }

  /** Whether this is the old two-step verification: a code comes only after `sendCode`. */
  get isTwoStep(): boolean {
    return this.#native.isTwoStep;
  }

  /** Asks Apple to show a code on the account's devices; codes from before become worthless. One request. */
  async requestPush(options: Cancellable = {}): Promise<void> {
    await run((abort) => this.#native.requestPush(abort), options);
  }

  /**
   * Asks Apple to send a code to a phone; the next code that is submitted is taken to be that one.
   *
   * @param phone One of `phones`.
   * @param options `delivery`: as a message or by voice; without it as the phone says.
   * @throws {ICloudError} `rate_limited`: Apple sends no more codes for now. `challenge_expired`: sign in again.
   */
  async sendCode(
    phone: Phone,
    options: Cancellable & { readonly delivery?: CodeDelivery | undefined } = {},
  ): Promise<void> {
    const { id, delivery } = objectOf(phone, 'the phone');
    const [to, how] = [text(id, 'the id of a phone'), text(optionsOf(options).delivery ?? delivery, 'delivery')];
    await run((abort) => this.#native.sendCode(to, how, abort), options);
  }

  /**
   * Answers with a code. If Apple accepts it, this browser is trusted from now on and the session is saved.
   *
   * Once a code was accepted none is sent any more: another call, with whatever code, only finishes the sign-in.
   *
   * @throws {ICloudError} `code_rejected`: wrong code; the challenge lives on, ask again. `config`: it cannot be a code; nothing was sent.
   *   `challenge_expired`: sign in again. `too_many_codes`: too many wrong codes. `terms_required`, `advanced_data_protection`: sign in again, which
   *   gives what to do.
   */
  async submit(code: string, options: Cancellable = {}): Promise<Session> {
    const given = text(code, 'a code');
    return Session.of(await run((abort) => this.#native.submit(given, abort), options));
  }

  /** The challenge as data, for another process to answer (`Client.resume`). A secret. */
  async toSaved(): Promise<SavedChallenge> {
    return new SavedChallenge(await run(() => this.#native.toSaved()));
  }

  [inspect.custom](): string {
    return shown('Challenge', `${this.account}, ${this.phones.length} phones`);
  }
}

/** New terms. */
export class TermsAction {
  readonly #native: NativeTerms;

  private constructor(native: NativeTerms) {
    this.#native = native;
  }

  /** @internal */
  static of(native: NativeTerms): TermsAction {
    return new TermsAction(native);
  }

  /**
   * Accepts the terms in the owner's name, and goes on with the sign-in. Ask the owner before.
   *
   * @returns What `Client.login` gives.
   * @throws {ICloudError} `forbidden`: Apple does not take it.
   */
  async accept(options: Cancellable = {}): Promise<Login> {
    return loginOf(await run((abort) => this.#native.accept(abort), options));
  }
}

/** A device of the owner's must agree. */
export class ConsentAction {
  readonly #native: NativeConsent;

  private constructor(native: NativeConsent) {
    this.#native = native;
  }

  /** @internal */
  static of(native: NativeConsent): ConsentAction {
    return new ConsentAction(native);
  }

  /** Has the devices ask their owner. One request. */
  async request(options: Cancellable = {}): Promise<void> {
    await run((abort) => this.#native.request(abort), options);
  }

  /**
   * Asks once whether somebody has agreed; null if not yet. One request.
   *
   * @throws {ICloudError} `advanced_data_protection`: somebody refused.
   */
  async poll(options: Cancellable = {}): Promise<Session | null> {
    const session = await run((abort) => this.#native.poll(abort), options);
    return session && Session.of(session);
  }

  /**
   * Polls until somebody agrees.
   *
   * @param options `limitMs`: how long at most; default five minutes.
   * @throws {ICloudError} `advanced_data_protection`: nobody agreed in that time.
   */
  async wait(options: Cancellable & { readonly limitMs?: number | undefined } = {}): Promise<Session> {
    const limit = numeric(optionsOf(options).limitMs ?? 300_000, 'limitMs');
    return Session.of(await run((abort) => this.#native.wait(limit, abort), options));
  }
}

/** What a security key answered, each part in base64. */
export interface SecurityKeyAssertion {
  /** The client data, which are JSON. */
  readonly clientData: string;
  /** The signature. */
  readonly signature: string;
  /** The authenticator data. */
  readonly authenticatorData: string;
  /** Names the credential that signed. */
  readonly credentialId: string;
  /** The user handle, if the authenticator gave one. */
  readonly userHandle?: string | undefined;
}

/** A security key must sign. What talks to the key is yours. */
export class SecurityKeyAction {
  readonly #native: NativeSecurityKey;

  private constructor(native: NativeSecurityKey) {
    this.#native = native;
  }

  /** @internal */
  static of(native: NativeSecurityKey): SecurityKeyAction {
    return new SecurityKeyAction(native);
  }

  /** What is to be signed, in base64url. */
  get challenge(): string {
    return this.#native.challenge;
  }

  /** Ids of the keys that may sign, in base64url. */
  get credentials(): string[] {
    return this.#native.credentials;
  }

  /** Whom it is signed for. */
  get relyingParty(): string {
    return this.#native.relyingParty;
  }

  /** What the owner calls the keys. */
  get keyNames(): string[] {
    return this.#native.keyNames;
  }

  /**
   * Answers with what the key gave.
   *
   * @returns What `Client.login` gives.
   */
  async submit(assertion: SecurityKeyAssertion, options: Cancellable = {}): Promise<Login> {
    const { userHandle, ...rest } = objectOf(assertion, 'the assertion');
    const whole = userHandle == null ? rest : { ...rest, userHandle };
    return loginOf(await run((abort) => this.#native.submit(whole, abort), options));
  }
}

/** @internal */
export function loginOf({ state, next, error }: LoginOutcome): Login {
  const reason = error === null ? new ICloudError('unexpected', 'a sign-in without a reason') : errorOf(error.failure);
  switch (state) {
    case 'complete':
      return { state, session: Session.of(next as NativeSession) };
    case 'code_required':
      return { state, challenge: Challenge.of(next as NativeChallenge) };
    case 'terms_required':
      return { state, action: TermsAction.of(next as NativeTerms), error: reason };
    case 'consent_required':
      return { state, action: ConsentAction.of(next as NativeConsent), error: reason };
    case 'security_key_required':
      return { state, action: SecurityKeyAction.of(next as NativeSecurityKey), error: reason };
    default:
      throw reason;
  }
}
