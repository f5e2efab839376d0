/** Flash for an update's tests: small partitions that fail together when their power does. */
import { FlashFaults } from "../../../host-sim/sim/flash/flash-faults";
import { MemoryFlash } from "../../../host-sim/sim/flash/memory-flash";
import { PowerDomain } from "../../../host-sim/sim/flash/power-domain";
import { Random } from "../../../host-sim/sim/time/random";

/** Partitions of one board, with a schedule of faults for each. */
export class UpdateFlash {
  readonly power = new PowerDomain();
  readonly random: Random;

  constructor(seed: number | string) {
    this.random = new Random(seed);
  }

  partition(name: string, blocks: number, blockLength = 4_096): { flash: MemoryFlash; faults: FlashFaults } {
    const faults = new FlashFaults(this.random.fork(`faults ${name}`));
    const flash = new MemoryFlash({
      size: blocks * blockLength,
      blockLength,
      power: this.power,
      random: this.random.fork(name),
      faults,
    });
    return { flash, faults };
  }
}
