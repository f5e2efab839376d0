/**
 * Sessions of real modems against the whole driver: the simulated modems are ours, these are not. What a
 * file holds and where it comes from is said in it, see session-file.ts.
 */
import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { families } from "../../../firmware/modem/family/index";
import { readSession } from "./session-file";
import { SessionPlayer, sessionFolder } from "./session-player";

const filesOf = (family: string): string[] =>
  readdirSync(new URL(`${family}/`, sessionFolder))
    .filter((file) => file.endsWith(".txt") && file !== "defaults.txt")
    .sort();

describe.each(families.map(({ name }) => name))("%s", (family) => {
  const files = filesOf(family);

  it("has sessions of its own, with their sources", () => {
    expect(files.length).toBeGreaterThanOrEqual(4);
    for (const file of files) {
      const { head } = readSession(new URL(`${family}/${file}`, sessionFolder));
      expect(head.get("kind"), file).toMatch(/^(log|report|sister|example)$/);
      expect(head.get("source"), file).toMatch(/\w/);
    }
  });

  it.each(files)("%s", async (file) => {
    const session = readSession(new URL(`${family}/${file}`, sessionFolder));
    const playing = new SessionPlayer(family, session).play();
    if (!session.head.has("pending")) return playing;
    const outcome = await playing.then(
      () => "comes true: take its line `pending` out",
      () => "fails",
    );
    expect(outcome).toBe("fails");
  });

  it.each(files)("%s names nobody", (file) => {
    const text = readFileSync(new URL(`${family}/${file}`, sessionFolder), "utf8");
    // Invented numbers of equipment and cards have a row of zeros in them, addresses are those for examples.
    for (const [digits] of text.matchAll(/\b\d{15,20}\b/g)) expect(digits).toMatch(/00000/);
    for (const [address] of text.matchAll(/\b(?:\d{1,3}\.){3}\d{1,3}\b/g)) {
      expect(address).toMatch(/^(10\.|203\.0\.113\.|198\.51\.100\.|192\.0\.2\.|100\.64\.|127\.|255\.|0\.)/);
    }
  });
});
