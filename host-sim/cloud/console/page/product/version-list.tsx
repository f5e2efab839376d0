/** What was in force before: to look at the difference, and to take it into the editor. */
import { useState } from "preact/hooks";
import { ago, clock } from "../../../page/words";
import { reasonOf } from "../../../reason";
import { call } from "../api";
import { now } from "../connection";
import { pathOfProduct } from "./product-data";
import type { DraftKind } from "./drafts";
import type { Version } from "./product-data";

/** A version with its bodies. */
export interface WholeVersion extends Version {
  readonly model?: unknown;
  readonly script?: string;
}

/** Reads one whole. @throws as `call` does */
export function readVersion(productKey: string, number: number): Promise<WholeVersion> {
  return call(`${pathOfProduct(productKey)}/versions/${number}`);
}

interface VersionListProps {
  readonly kind: DraftKind;
  readonly productKey: string;
  readonly versions: readonly Version[];
  /** The number of the one that the editor's text is held against. */
  readonly compared: number | undefined;
  readonly onCompare: (version: WholeVersion | undefined) => void;
  readonly onTake: (version: WholeVersion) => void;
}

export function VersionList(props: VersionListProps) {
  const { kind, productKey, compared, onCompare, onTake } = props;
  const [fault, setFault] = useState<string>();
  const own = props.versions.filter(({ changed }) => changed.includes(kind));
  const withWhole = async (number: number, then: (version: WholeVersion) => void): Promise<void> => {
    try {
      setFault(undefined);
      then(await readVersion(productKey, number));
    } catch (error) {
      setFault(reasonOf(error, "it cannot be read"));
    }
  };
  if (own.length === 0) return null;
  const has = (version: Version): boolean => (kind === "script" ? version.hasScript : version.hasModel);
  return (
    <section class="card stack" aria-label="Earlier versions">
      <h2>Earlier versions</h2>
      {fault !== undefined && <p class="bad">{fault}</p>}
      <ol class="versions">
        {own.map((version) => (
          <li key={version.number} class="bar">
            <span title={clock(version.until)}>
              {`${has(version) ? "" : `without a ${kind}, `}until ${clock(version.until)}`}
              <span class="dim">{` · ${ago(version.until, now.value)}`}</span>
            </span>
            <span class="bar push">
              <button
                type="button"
                class="quiet"
                aria-pressed={compared === version.number}
                onClick={() => {
                  if (compared === version.number) onCompare(undefined);
                  else void withWhole(version.number, onCompare);
                }}
              >
                Compare
              </button>
              <button type="button" class="quiet" onClick={() => void withWhole(version.number, onTake)}>
                Take into the editor
              </button>
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
