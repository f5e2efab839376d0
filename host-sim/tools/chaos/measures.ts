/**
 * Figures of a trial that rules put bounds to: how near a device came to them.
 */
import { aftermath, overtakings } from "./rules/pace";
import { spending } from "./rules/thrift";
import type { Ledger, Stored } from "./ledger";
import type { Script } from "./script";
import type { CampaignEnding } from "./rules/rule";

/** Times in virtual ms. */
export interface Measures {
  /** From the end of the last trouble until nothing waited that was taken before. */
  readonly aftermath: number;
  /** From the last command, sent when all was well, to its answer. */
  readonly proof: number | undefined;
  /** Readings overtaken by later ones without a reason. */
  readonly overtaken: number;
  /** Of the day of the device's life in which that was longest. */
  readonly awake: number;
  readonly connected: number;
  /** Largest share of what a day allowed for that the modem was awake, where it can sleep. */
  readonly spent: number;
  /** Of the block of the journal that was erased most often, and of all. */
  readonly mostErases: number;
  readonly erases: number;
  readonly keyWrites: number;
  /** XS only. */
  readonly liveSlots: number | undefined;
}

/** Measures a trial that has ended. */
export function measuresOf(
  ledger: Ledger,
  script: Script,
  ending: CampaignEnding,
  copies: ReadonlyMap<number, readonly Stored[]>,
): Measures {
  const { proof, erases, keyWrites, liveSlots } = ending;
  const { days } = ledger.radio;
  return {
    aftermath: aftermath(ledger, script, copies),
    proof: proof?.answeredAt === undefined ? undefined : proof.answeredAt - proof.at,
    overtaken: overtakings(ledger, copies).length,
    awake: Math.max(0, ...days.map(({ awake }) => awake)),
    connected: Math.max(0, ...days.map(({ connected }) => connected)),
    spent: Math.max(0, ...spending(ledger, script, ending).map(({ spent, allowed }) => spent / allowed)),
    mostErases: Math.max(0, ...erases),
    erases: erases.reduce((sum, count) => sum + count, 0),
    keyWrites,
    liveSlots,
  };
}
