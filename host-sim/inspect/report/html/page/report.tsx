/** The whole page: the verdict, the figures that matter, then what they are made of. */
import { useEffect, useMemo } from "preact/hooks";
import { ThemeButton } from "../../../../cloud/page/theme";
import { linkTo, section, visits } from "./address";
import { AirView } from "./air-view";
import { EnergyView } from "./energy-view";
import { LatencyView } from "./latency-view";
import { MessagesView } from "./messages-view";
import { PowerView } from "./power-view";
import { ReadingsView } from "./readings-view";
import { VerdictView } from "./verdict-view";
import type { Section } from "../../place";
import type { Unpacked } from "./unpack";

const links: readonly (readonly [Section, string])[] = [
  ["power", "Power"],
  ["energy", "Energy"],
  ["readings", "Readings"],
  ["air", "Datagrams"],
  ["latency", "Latency"],
  ["messages", "Messages"],
];

export function Report({ run }: { run: Unpacked }) {
  const { data } = run;
  useEffect(() => {
    document.title = data.title;
  }, [data.title]);
  const visit = visits.value;
  useEffect(() => {
    // A choice of the user's moves nothing; an address does.
    const at = section.value;
    if (at !== undefined) document.getElementById(at)?.scrollIntoView();
  }, [visit]);
  // A log has no datagrams in it, and a run may end before its first reading.
  const absent = useMemo(() => {
    const sections = new Set<Section>();
    if (data.datagrams.up.length === 0) sections.add("air");
    if (data.readings.taken.length === 0) sections.add("readings");
    return sections;
  }, [data]);
  return (
    <>
      <header class="top">
        <h1>{data.title}</h1>
        <nav aria-label="Sections">
          {links
            .filter(([where]) => !absent.has(where))
            .map(([where, text]) => (
              <a key={where} href={linkTo(where)}>
                {text}
              </a>
            ))}
        </nav>
        <ThemeButton />
      </header>
      <main>
        <VerdictView data={data} />
        <PowerView data={data} />
        <EnergyView data={data} />
        {!absent.has("readings") && <ReadingsView data={data} />}
        {!absent.has("air") && <AirView run={run} />}
        <LatencyView data={data} />
        <MessagesView run={run} />
      </main>
    </>
  );
}
