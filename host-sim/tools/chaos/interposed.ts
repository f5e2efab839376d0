/**
 * The man in the middle in a campaign: he plays the tricks of `npm start -- --scenario eavesdropper` that a seal is to keep
 * from coming to anything, whatever else befalls the device.
 */
import { ManInTheMiddle } from "../../sim/path/man-in-the-middle";
import { Random } from "../../sim/time/random";
import { published } from "../eavesdropper/published";
import { tries } from "../eavesdropper/tries";
import type { World } from "../../sim/world/world";
import type { Seal } from "../../sim/world/device-options";
import type { Means, Try } from "../eavesdropper/tries";

/** Those that take one device and come to nothing, or to losses that are his. */
export const tricks: readonly Try[] = tries.filter(
  ({ whose, keptBy, name }) => whose === "first" && keptBy !== undefined && name !== "drop",
);

/** He, in one world; he listens from the beginning. */
export class Interposed {
  readonly #means: Means;

  private constructor(means: Means) {
    this.#means = means;
  }

  /** @param seed of what he draws */
  static async in(world: World, seal: Seal, seed: string): Promise<Interposed> {
    const random = new Random(seed);
    const { productKey, deviceKey } = world.device;
    const man = new ManInTheMiddle();
    world.path.interpose(man);
    const knowledge = await published(seal, productKey, random);
    const { path } = world;
    const devices = { first: deviceKey, second: deviceKey };
    return new Interposed({ path, man, knowledge, random, most: Infinity, ...devices });
  }

  /** Plays a trick until what this returns is called, or another begins. */
  play(trick: Try): () => void {
    const { man } = this.#means;
    const played = trick.begin(this.#means);
    man.trick = played;
    return () => {
      if (man.trick === played) man.trick = undefined;
    };
  }
}
