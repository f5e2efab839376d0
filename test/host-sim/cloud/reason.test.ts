/** What the cloud says of a fault: the error's message, the caller's words, or what was thrown as a text. */
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { reasonOf } from "../../../host-sim/cloud/reason";

it("is the message of an error", () => {
  expect(reasonOf(new TypeError("no number"))).toBe("no number");
  expect(reasonOf(new Error("mine"), "it did not work")).toBe("mine");
});

it("is the caller's for anything else, and else that as a text", () => {
  expect(reasonOf("text", "it did not work")).toBe("it did not work");
  expect(reasonOf(7, "")).toBe("");
  expect(reasonOf("text")).toBe("text");
  expect(reasonOf(undefined)).toBe("undefined");
});

it("tells an error of another realm, as of a user's script, by its name as well", () => {
  expect(reasonOf(runInNewContext("new RangeError('too long')"))).toBe("RangeError: too long");
});
