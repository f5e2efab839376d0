/** `--profile` of the commands that count joules. */
import { readFileSync } from "node:fs";
import { withoutSheet } from "../inspect/energy/modules";
import { ProfileError, readProfile } from "../inspect/energy/profile-file";
import { profileNamed, profileNames } from "../inspect/energy/profiles";
import { misuse, systemReason } from "./misuse";
import type { EnergyProfile } from "../inspect/energy/profile";

/** A built-in profile by its name, or one of the user's own by its file. @throws CommandError */
export function profileOf(name: string): EnergyProfile {
  const named = profileNamed(name);
  if (named !== undefined) return named;
  if ((withoutSheet as readonly string[]).includes(name)) {
    throw misuse(`--profile: no data sheet of ${name} is known; take field, modern, or a file of your own`);
  }
  let text: string;
  try {
    text = readFileSync(name, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
      throw misuse(`--profile: ${name.slice(0, 120)}: ${systemReason(error)}`);
    }
    throw misuse(`--profile: no file "${name.slice(0, 120)}"; there are ${profileNames.join(", ")}`);
  }
  try {
    return readProfile(text, name);
  } catch (error) {
    throw error instanceof ProfileError ? misuse(`--profile: ${error.message}`) : error;
  }
}
