/**
 * How a device authenticates with EnOS: the request, the same each time, and the server's answer.
 *
 * Two editions of the protocol exist. In the first, authentication gives a token, every later
 * request is signed with it (option 2101), and a command that waits is announced by its path
 * (option 2100) and fetched by GET. In the later ones there is no token, nothing is signed, and the
 * command's payload comes along (option 2102). Which one a server speaks shows in its answer.
 */
import { codeClass } from "../coap/code";
import { encodeUtf8 } from "../text/utf8";
import { SettingsError, checkCredentials, checkLifetime } from "./credentials";
import { rejectionOf } from "./outcome";
import { secureMode, signAuthentication } from "./sign";
import { readToken } from "./token";
import { authOptions } from "./topic";
import type { Outcome } from "../coap/exchange";
import type { OptionBlock } from "../coap/option";
import type { Credentials } from "./credentials";
import type { Refusal } from "./outcome";
import type { Cryptography } from "./sign";
import type { MemberNames } from "../text/member-names";

/** Which edition of the protocol to speak; `auto` goes by the server's answer. */
export type EditionSetting = "auto" | "token" | "tokenless";
/** The edition that a session found. */
export type Edition = "token" | "tokenless";

export interface AuthenticationOptions {
  readonly credentials: Credentials;
  /** Seconds without contact until EnOS takes the device for offline: 30 to 86400. */
  readonly lifetime: number;
  readonly edition?: EditionSetting;
  readonly crypto: Cryptography;
  /** Counts what the server's answers are made of. */
  readonly names?: MemberNames;
}

/** What the server's answer gives when it admits the device. The token is a secret. */
export interface Admission {
  readonly kind: "admitted";
  readonly edition: Edition;
  /** UTF-8; undefined in the edition without one. */
  readonly token: Uint8Array | undefined;
}

/** The authentication of one device: its request, and what an answer to it means. */
export class Authentication {
  readonly #options: AuthenticationOptions;
  readonly #setting: EditionSetting;
  readonly #names: MemberNames | undefined;

  /**
   * @throws SettingsError when credentials, lifetime or edition cannot work
   */
  constructor(options: AuthenticationOptions) {
    const { credentials, lifetime, edition = "auto" } = options;
    checkCredentials(credentials);
    checkLifetime(lifetime);
    if (edition !== "auto" && edition !== "token" && edition !== "tokenless") {
      throw new SettingsError(`edition must be "auto", "token" or "tokenless"`);
    }
    this.#options = options;
    this.#setting = edition;
    this.#names = options.names;
  }

  /** Uri-Path and Content-Format of the request. */
  get path(): OptionBlock {
    return authOptions(this.#options.credentials);
  }

  /** Its JSON with the signature. Made when it is sent: most wakes from deep sleep go on with a session. */
  get payload(): Uint8Array {
    const { credentials, lifetime, crypto } = this.#options;
    const sign = signAuthentication(crypto, credentials, lifetime);
    return encodeUtf8(`{"secureMode":${secureMode},"lifetime":${lifetime},"sign":"${sign}"}`);
  }

  /** Whether the settings allow a session of this edition. */
  allows(edition: Edition): boolean {
    return this.#setting === "auto" || this.#setting === edition;
  }

  /** Reads how the request's exchange ended: the admission, or why there is none. */
  read(outcome: Outcome): Admission | Refusal {
    if (outcome.kind !== "response") return outcome.kind;
    const { code, payload } = outcome.message;
    if (codeClass(code) !== 2) return rejectionOf(code);
    const tokenless = this.#setting === "tokenless" || payload.length === 0;
    const token = tokenless ? undefined : readToken(payload, this.#names);
    if (token === "unreadable") return "unreadable-answer";
    if (this.#setting === "token" && token === undefined) return "edition-mismatch";
    return { kind: "admitted", edition: token === undefined ? "tokenless" : "token", token };
  }
}
