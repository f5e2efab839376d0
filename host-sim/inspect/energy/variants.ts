/** The changes that are worth looking at: of one setting each, and one of two that gain little apart. */
import { contactsOf } from "../../../firmware/device/contact-plan";
import type { Choice } from "./choice";

/** A setting changed, or two. */
export interface Variant {
  /** As the user would say it. */
  readonly text: string;
  readonly change: Partial<Choice>;
  /** It can be simulated, and nobody has tried it on a board: it is shown, and no advice. */
  readonly untried?: true;
  /** It shows what something costs that nobody should go without to save joules: no advice. */
  readonly price?: true;
  /** The user asked for it. */
  readonly asked?: true;
}

/** Readings that are sent together, of those that are tried. */
const batches = [1, 4, 16] as const;
/** T3324 that is advised, seconds. */
const shortListening = 2;

/** Seconds between two contacts. */
export function gapOf({ interval, batch, lifetime }: Choice): number {
  return interval * contactsOf(interval, batch, lifetime).batch;
}

/** All but what is so already. */
export function variantsOf(base: Choice): Variant[] {
  const variants: Variant[] = [];
  for (const format of ["raw", "compact", "json"] as const) {
    if (format === "json" && base.sealed !== undefined) continue;
    if (format !== base.format) variants.push({ text: `readings as ${format}`, change: { format } });
  }
  const fitting = batches.filter((batch) => contactsOf(base.interval, batch, base.lifetime).batch === batch);
  for (const batch of fitting) {
    if (batch === base.batch) continue;
    const text = batch === 1 ? "each reading by itself" : `${batch} readings together`;
    variants.push({ text, change: { batch } });
  }
  // Two settings at once: compact saves little alone, and half of the bytes where paths and signatures are shared.
  const most = Math.max(...fitting);
  if (base.batch === 1 && most > 1 && base.format !== "compact") {
    const text = `${most} readings together, as compact`;
    variants.push({ text, change: { batch: most, format: "compact" } });
  }
  variants.push(
    base.releaseAssistance
      ? { text: "a network without release assistance", change: { releaseAssistance: false } }
      : { text: "a network with release assistance", change: { releaseAssistance: true } },
    base.saving === "psm"
      ? { text: "eDRX in place of PSM (the board stays awake)", change: { saving: "edrx" } }
      : { text: "PSM in place of eDRX", change: { saving: "psm" } },
  );
  if (base.saving === "psm" && base.t3324 > shortListening) {
    const text = `PSM ${shortListening} s after the last datagram (T3324)`;
    variants.push({ text, change: { t3324: shortListening } });
  }
  const { lifetime } = contactsOf(base.interval, base.batch);
  if (base.lifetime !== undefined && base.lifetime !== lifetime) {
    const text = `session lifetime ${lifetime} s, as the firmware chooses`;
    variants.push({ text, change: { lifetime: undefined } });
  }
  if (!base.keepAlive && base.lifetime !== undefined && base.lifetime <= gapOf(base)) {
    variants.push({ text: "session kept alive", change: { keepAlive: true } });
  }
  variants.push(
    base.sleep === "deep"
      ? { text: "board awake between readings", change: { sleep: "none" } }
      : { text: "board in deep sleep between readings", change: { sleep: "deep" } },
  );
  if (base.settings?.waiting !== "light-sleep") {
    const change = { settings: { waiting: "light-sleep" } };
    variants.push({ text: "board in light sleep while it waits", change });
  }
  if (base.sealed !== undefined) {
    variants.push({ text: "payloads in plain", change: { sealed: undefined }, price: true });
  }
  return variants;
}

/** What the user asked for, and behind it those that are worth looking at and not asked for already. */
export function rowsOf(base: Choice, asked: readonly Variant[]): Variant[] {
  const said = new Set(asked.map(({ change }) => JSON.stringify(change)));
  const others = variantsOf(base).filter(({ change }) => !said.has(JSON.stringify(change)));
  return [...asked, ...others].map((variant) => ({ ...variant, ...untriedIn(variant.change) }));
}

/** Whether it may be advised. */
export function isAdvice({ untried, price }: Pick<Variant, "untried" | "price">): boolean {
  return untried === undefined && price === undefined;
}

/** The mark of settings that no board has tried. */
export function untriedIn({ settings }: Pick<Partial<Choice>, "settings">): { untried?: true } {
  return settings?.waiting === "light-sleep" ? { untried: true } : {};
}

/** `base` with several changes, one behind the other. */
export function changed(base: Choice, changes: readonly Partial<Choice>[]): Choice {
  return changes.reduce<Choice>((choice, change) => {
    const settings = { ...choice.settings, ...change.settings };
    return { ...choice, ...change, ...(Object.keys(settings).length > 0 ? { settings } : {}) };
  }, base);
}

/** Names of what a change sets. */
export function namesOf({ settings = {}, ...own }: Partial<Choice>): string[] {
  return [...Object.keys(own), ...Object.keys(settings)];
}
