/** An `Error` speaks for itself; of anything else that is thrown the caller says what it was. */
import { expect, it, test } from "vitest";
import { reasonOf } from "../../../firmware/text/reason";

it("is the message of an error of any class", () => {
  expect(reasonOf(new RangeError("too long"))).toBe("too long");
  expect(reasonOf(new Error("mine"), "failed")).toBe("mine");
});

test.each([undefined, null, 7, "text", { message: "looks like one" }, Object.create(null)])(
  "is not taken out of %j, which is no error",
  (thrown) => {
    expect(reasonOf(thrown)).toBe("unknown");
    expect(reasonOf(thrown, "failed")).toBe("failed");
  },
);
