/** A family by its name. */
import { expect, test } from "vitest";
import { familyNamed } from "../../../../firmware/modem/family/family";
import { families } from "../../../../firmware/modem/family/index";
import { families as fitted } from "../../../../firmware/modem/fitted/bc95";

test.each(families)("$name is found among all", (family) => {
  expect(familyNamed(families, family.name)).toBe(family);
});

test("among all, another name gets the list of them", () => {
  expect(() => familyNamed(families, "toaster")).toThrow(
    /^modem is "toaster", it must be one of sim7020, sim7080, sim7000, bc66, bc660k, bc95, sara-n2, bg95, sara-r4, sara-r5$/,
  );
  expect(() => familyNamed(families, "x".repeat(100))).toThrow(`modem is "${"x".repeat(40)}", it`);
});

test("a firmware with one modem says which, and how to have another", () => {
  expect(familyNamed(fitted, "bc95")).toBe(fitted[0]);
  expect(() => familyNamed(fitted, "sim7020")).toThrow(
    `modem is "sim7020", and this firmware has bc95 alone: leave the setting out, or name another modem in the ` +
      `board's manifest (board/modem) and build again`,
  );
});
