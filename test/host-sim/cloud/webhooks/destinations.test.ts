/** Where webhooks may go, over URLs and addresses as an attacker would choose them. */
import { describe, expect, it, test } from "vitest";
import { Destinations, readWebhookUrl } from "../../../../host-sim/cloud/webhooks/destinations";

const here = Destinations.of(undefined);
const any = Destinations.of("any");
const named = Destinations.of("hooks.example.com, 10.1.2.3,2001:DB8::1");

/** Why a URL is refused, by its form or by its host; undefined when it is taken. */
function refusal(destinations: Destinations, url: string): string | undefined {
  try {
    return destinations.urlFault(readWebhookUrl(url));
  } catch (error) {
    return (error as RangeError).message;
  }
}

describe("without --webhooks-to", () => {
  test.each([
    "http://127.0.0.1:9000/hook",
    "HTTP://LOCALHOST/hook?key=1",
    "https://localhost./",
    "http://app.localhost:8080/",
    "http://127.8.8.8/",
    "http://[::1]:9000/",
    // All of them are 127.0.0.1 in other clothes.
    "http://[::ffff:127.0.0.1]/",
    "http://0x7f.1/",
    "http://2130706433/",
    "http://0177.0.0.1/",
    "http://127.1/",
  ])("%s is taken", (url) => expect(refusal(here, url)).toBeUndefined());

  test.each<[url: string, why: RegExp]>([
    ["http://example.com/", /is not this machine; .* --webhooks-to example\.com/],
    ["http://192.168.1.1/", /not this machine/],
    ["http://10.0.0.1/", /not this machine/],
    ["http://[fd00::1]/", /not this machine/],
    ["http://128.0.0.1/", /not this machine/],
    ["http://0.0.0.0/", /no address of a receiver/],
    ["http://0/", /no address of a receiver/],
    ["http://[::]/", /no address of a receiver/],
    ["http://169.254.169.254/latest/meta-data/", /no address of a receiver/],
    ["http://0xa9fea9fe/", /no address of a receiver/],
    ["http://[::ffff:169.254.169.254]/", /no address of a receiver/],
    ["http://[::ffff:10.0.0.1]/", /not this machine/],
    ["http://[::127.0.0.1]/", /no address of a receiver/],
    ["http://[fe80::1]/", /no address of a receiver/],
    ["http://[ff02::1]/", /no address of a receiver/],
    ["http://[64:ff9b::a9fe:a9fe]/", /no address of a receiver/],
    ["http://[64:ff9b::7f00:1]/", /no address of a receiver/],
    ["http://224.0.0.1/", /no address of a receiver/],
    ["http://255.255.255.255/", /no address of a receiver/],
    ["http://localhost.example.com/", /not this machine/],
    ["http://127.0.0.1.example.com/", /not this machine/],
    ["http://notlocalhost/", /not this machine/],
    ["http://user:pw@127.0.0.1/", /user or password/],
    ["http://127.0.0.1@example.com/", /user or password/],
    ["http://@127.0.0.1/", /user or password/],
    ["http://localhost#@example.com/", /fragment/],
    ["http://example.com\\@localhost/", /without blanks and/],
    ["http:/localhost/", /expected http:/],
    ["http://", /expected http:/],
    ["//localhost/", /expected http:/],
    ["/hook", /expected http:/],
    ["", /expected http:/],
    ["file:///etc/passwd", /expected http:/],
    ["gopher://127.0.0.1/", /expected http:/],
    ["javascript:alert(1)", /expected http:/],
    ["ftp://localhost/", /expected http:/],
    [" http://localhost/", /expected http:/],
    ["http://local\thost/", /without blanks/],
    ["http://localhost/\r\nX-Evil: 1", /without blanks/],
    ["http://１２７.0.0.1/", /expected http:/],
    ["http://localhost:0/", /port 0/],
    ["http://localhost:99999/", /none that can be read/],
    ["http://[::1/", /none that can be read/],
    ["http://1.2.3.4.5/", /none that can be read|not this machine/],
    [`http://localhost/${"x".repeat(2048)}`, /longer than 2048/],
  ])("%s is refused", (url, why) => {
    const told = refusal(here, url);
    expect(told).toMatch(why);
    expect(told).not.toMatch(/pw|X-Evil|passwd|\n/);
  });
});

describe("with hosts named", () => {
  test.each([
    "https://hooks.example.com/x",
    "https://HOOKS.example.com.:8443/x",
    "http://10.1.2.3/",
    "http://[2001:db8:0::1]/",
    "http://localhost/",
  ])("%s is taken", (url) => expect(refusal(named, url)).toBeUndefined());

  test.each([
    "http://example.com/",
    "http://x.hooks.example.com/",
    "http://10.1.2.4/",
    "http://169.254.169.254/",
  ])("%s is refused", (url) => expect(refusal(named, url)).toBeDefined());
});

describe("with any", () => {
  test.each(["https://example.com/", "http://192.168.1.1/", "http://[2001:db8::9]/", "http://8.8.8.8/"])(
    "%s is taken",
    (url) => expect(refusal(any, url)).toBeUndefined(),
  );
  test.each(["http://169.254.169.254/", "http://0.0.0.0/", "http://[fe80::1]/", "http://[ff02::1]/"])(
    "%s is refused",
    (url) => expect(refusal(any, url)).toMatch(/no address of a receiver/),
  );
});

describe("an address that a name resolved to", () => {
  test.each<[Destinations, host: string, address: string, why: RegExp | undefined]>([
    [here, "localhost", "127.0.0.1", undefined],
    [here, "localhost", "::1", undefined],
    [here, "localhost", "::ffff:127.0.0.1", undefined],
    // A name that was this machine's when it was given.
    [here, "app.localhost", "10.0.0.1", /app\.localhost is 10\.0\.0\.1, which is not this machine/],
    [here, "localhost", "fe80::1%eth0", /no address of a receiver/],
    [here, "localhost", "nonsense", /no address of a receiver/],
    [named, "hooks.example.com", "10.9.9.9", undefined],
    [named, "hooks.example.com.", "10.9.9.9", undefined],
    [named, "hooks.example.com", "127.0.0.1", undefined],
    [named, "hooks.example.com", "169.254.169.254", /no address of a receiver/],
    [named, "app.localhost", "10.9.9.9", /not this machine/],
    [any, "example.com", "93.184.216.34", undefined],
    [any, "example.com", "169.254.169.254", /no address of a receiver/],
    [any, "example.com", "0.0.0.0", /no address of a receiver/],
  ])("%# %s", (destinations, host, address, why) => {
    const fault = destinations.addressFault(host, address);
    if (why === undefined) expect(fault).toBeUndefined();
    else expect(fault).toMatch(why);
  });
});

it.each([
  "",
  "a,,b",
  "http://x",
  "x/y",
  "x:80",
  "a b",
  "user@x",
  "0.0.0.0",
  "169.254.169.254",
  "[::]",
  "1.2.3.4.5",
])("--webhooks-to %j is refused", (text) => {
  if (text === "1.2.3.4.5" && URL.canParse("http://1.2.3.4.5/")) return;
  expect(() => Destinations.of(text)).toThrow(RangeError);
});
