/**
 * Where webhooks may go: to this machine alone, unless the operator has named hosts, or allowed any. Whoever may call
 * the API must not reach by it what only this machine reaches.
 *
 * A URL is judged twice: by the host that it names when it is given, and by the address that is connected to each
 * time, because a name may resolve to another address tomorrow (DNS rebinding).
 */
import { isIP } from "node:net";
import { addressBytes } from "../network";

/** Longest URL, characters. */
const longestUrl = 2048;

/**
 * What an address is for: `none` for those at which nobody's receiver is: unspecified, link-local (where clouds keep
 * their instances' keys), multicast, reserved, or an IPv4 address in disguise.
 */
type AddressUse = "loopback" | "none" | "other";

function useOf(address: string): AddressUse {
  const bytes = addressBytes(address);
  if (bytes === undefined) return "none";
  const [first, second] = bytes;
  if (bytes.length === 4) {
    if (first === 127) return "loopback";
    return first === 0 || first >= 224 || (first === 169 && second === 254) ? "none" : "other";
  }
  const startsWithZeros = bytes.slice(0, 12).every((byte) => byte === 0);
  if (startsWithZeros)
    return bytes[15] === 1 && bytes[12] + bytes[13] + bytes[14] === 0 ? "loopback" : "none";
  if (first === 0xff || (first === 0xfe && (second & 0xc0) === 0x80)) return "none";
  // 64:ff9b::/96 is a way to an IPv4 address (RFC 6052).
  const isTranslated =
    first === 0 &&
    second === 0x64 &&
    bytes[2] === 0xff &&
    bytes[3] === 0x9b &&
    !bytes.slice(4, 12).some(Boolean);
  return isTranslated && useOf(bytes.slice(12).join(".")) !== "other" ? "none" : "other";
}

/** A host as URLs have it: lower case, an address in its usual form, without brackets and without a final dot. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
}

/**
 * A URL that a webhook may have, wherever it leads.
 * @throws RangeError with the reason, which does not quote the text
 */
export function readWebhookUrl(text: string): URL {
  if (text.length > longestUrl) throw new RangeError(`url: is longer than ${longestUrl} characters`);
  if (!/^https?:\/\/[\x21-\x7e]+$/i.test(text) || text.includes("\\")) {
    throw new RangeError("url: expected http:// or https://, a host and a path, without blanks and \\");
  }
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new RangeError("url: is none that can be read");
  }
  if (url.username !== "" || url.password !== "" || /^https?:\/\/[^/?#]*@/i.test(text)) {
    throw new RangeError("url: has a user or password; leave them out, the signature says who calls");
  }
  if (text.includes("#")) throw new RangeError("url: has a fragment, which would not be sent; leave it out");
  if (url.port === "0") throw new RangeError("url: has port 0");
  return url;
}

export class Destinations {
  readonly #named: ReadonlySet<string> | "any";

  private constructor(named: ReadonlySet<string> | "any") {
    this.#named = named;
  }

  /**
   * What `--webhooks-to` says: hosts with commas between them, or `any`; nothing: this machine alone.
   * @throws RangeError with the reason
   */
  static of(text: string | undefined): Destinations {
    if (text === undefined) return new Destinations(new Set());
    if (text === "any") return new Destinations("any");
    const hosts = text.split(",").map((each) => {
      const bare = each.trim();
      const host = isIP(bare) === 6 ? `[${bare}]` : bare;
      const isHost = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])$/.test(host) && URL.canParse(`http://${host}/`);
      if (!isHost)
        throw new RangeError(`expected hosts or addresses with commas between them, or any; got "${bare}"`);
      const name = hostOf(new URL(`http://${host}/`));
      if (isIP(name) !== 0 && useOf(name) === "none")
        throw new RangeError(`${name} is no address of a receiver`);
      return name;
    });
    return new Destinations(new Set(hosts));
  }

  /** Why a URL may not be called, by the host that it names; undefined when it may. */
  urlFault(url: URL): string | undefined {
    const host = hostOf(url);
    if (isIP(host) !== 0) return this.addressFault(host, host);
    if (this.#isNamed(host) || host === "localhost" || host.endsWith(".localhost")) return undefined;
    return notAllowed(host);
  }

  /**
   * Why an address may not be connected to; undefined when it may.
   * @param host of the URL, which was looked up
   */
  addressFault(host: string, address: string): string | undefined {
    const use = useOf(address);
    if (use === "loopback") return undefined;
    const what = host === address ? host : `${host} is ${address}, which`;
    if (use === "none") return `${what} is no address of a receiver`;
    if (this.#isNamed(host.replace(/\.$/, "").toLowerCase())) return undefined;
    return host === address ? notAllowed(host) : `${what} is not this machine`;
  }

  #isNamed(host: string): boolean {
    return this.#named === "any" || this.#named.has(host);
  }
}

function notAllowed(host: string): string {
  const shown = host.slice(0, 80);
  return `${shown} is not this machine; webhooks go there when the stand-in is started with --webhooks-to ${shown}`;
}
