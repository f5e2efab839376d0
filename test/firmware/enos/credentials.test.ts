import { describe, expect, it, test } from "vitest";
import {
  SettingsError,
  checkCredentials,
  checkLifetime,
  checkSegment,
} from "../../../firmware/enos/credentials";
import { SessionRig } from "./rig";
import { keys } from "./fake-enos";

/** The message of the SettingsError that `run` throws. */
function complaint(run: () => void): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError);
    expect((error as Error).name).toBe("SettingsError");
    return (error as Error).message;
  }
  throw new Error("expected a SettingsError, none came");
}

describe.each(["productKey", "deviceKey"] as const)("%s", (name) => {
  test.each([
    ["empty", "", `${name} is empty`],
    ["256 characters", "x".repeat(256), `${name} is 256 characters long`],
    ["a slash", "a/b", `${name} has a slash at position 2`],
    ["a blank at its end", "abc ", `${name} has a space or control character at position 4`],
    ["a line end", "abc\n", "control character at position 4"],
    ["non-ASCII", "größe", `${name} has a non-ASCII character at position 3`],
    ["DEL", "a\x7f", "at position 2"],
    ["the parent folder", "..", `${name} is ".."`],
    ["this folder", ".", `${name} is "."`],
  ])("%s is refused by name", (_what, value, message) => {
    expect(complaint(() => checkCredentials({ ...keys, [name]: value }))).toContain(message);
  });

  it("of something else than text is refused", () => {
    for (const value of [undefined, null, 7, {}]) {
      expect(complaint(() => checkSegment(name, value as unknown as string))).toContain(name);
    }
  });

  test.each(["a", "x".repeat(255), "!~", "..a", "861234567890123"])("%s is taken", (value) => {
    expect(() => checkCredentials({ ...keys, [name]: value })).not.toThrow();
  });
});

describe("deviceSecret", () => {
  test.each([
    ["empty", "", "deviceSecret is empty"],
    ["too long", "s3cret".repeat(200), "deviceSecret is longer than 1024 bytes"],
    ["too long in UTF-8", "é".repeat(513), "deviceSecret is longer than 1024 bytes"],
  ])("%s is refused, and not repeated", (_what, deviceSecret, message) => {
    const text = complaint(() => checkCredentials({ ...keys, deviceSecret }));
    expect(text).toContain(message);
    expect(text).not.toContain("s3cret");
    expect(text).not.toContain("é");
  });

  it("is never in a complaint about another key", () => {
    for (const wrong of ["", "a/b", "ä", ".."]) {
      expect(complaint(() => checkCredentials({ ...keys, deviceKey: wrong }))).not.toContain(
        keys.deviceSecret,
      );
    }
  });

  it("may be any text up to 1024 bytes", () => {
    for (const deviceSecret of ["c", "Xk29sJ!~ /?&=é", "é".repeat(512)]) {
      expect(() => checkCredentials({ ...keys, deviceSecret })).not.toThrow();
    }
  });
});

describe("lifetime", () => {
  test.each([29, 86401, 1.5, NaN, Infinity, -30, 0])("%d is refused with its range", (lifetime) => {
    expect(complaint(() => checkLifetime(lifetime))).toBe(
      `lifetime is ${lifetime}, it must be a whole number of seconds from 30 to 86400`,
    );
  });

  test.each([30, 86400])("%d is taken", (lifetime) => expect(() => checkLifetime(lifetime)).not.toThrow());
});

describe("a session", () => {
  test.each([
    [{ lifetime: 29 }, "lifetime"],
    [{ iv: "none" }, "iv"],
    [{ edition: "new" as "auto" }, "edition"],
    [{ credentials: { ...keys, deviceKey: "" } }, "deviceKey"],
    [{ credentials: { ...keys, deviceSecret: "" } }, "deviceSecret"],
  ])("with %j is not even built", (settings, name) => {
    const text = complaint(() => void new SessionRig(undefined, settings));
    expect(text).toContain(name);
    expect(text).not.toContain(keys.deviceSecret);
  });
});
