/** The verdict in a sentence, the figures that matter, and all facts to be unfolded. */
import { Command } from "../../../../cloud/page/copy";
import { digits, grouped, measuredSpan } from "../../../../cloud/page/words";
import { placeOf } from "../../place";
import { quantile } from "./statistics";
import { withPrefix } from "./units";
import type { ComponentChildren } from "preact";
import type { RunData } from "../run-data";

/** Of the messages, those that were lost or came again. */
const lostOnes = `#${placeOf("messages", { only: "trouble", hide: "at,log,modem,cloud" })}`;
const toneWords = { good: "As it should be", warn: "Worth a look", bad: "Something failed" } as const;

export function VerdictView({ data }: { data: RunData }) {
  const { tone, parts } = data.verdict;
  return (
    <section id="verdict" class={`verdict ${tone}-verdict`} aria-label="Verdict">
      <p class="tone">{toneWords[tone]}</p>
      <p class="sentence">
        {parts.map(({ text, tone: its, place }, i) =>
          place === undefined ? (
            <span key={i} class={its}>
              {text}
            </span>
          ) : (
            <a key={i} class={its} href={`#${place}`}>
              {text}
            </a>
          ),
        )}
      </p>
      <dl class="figures">
        <Figures data={data} />
      </dl>
      {data.notice !== undefined && <p class="notice dim">{data.notice}</p>}
      <details class="all-facts">
        <summary>
          {data.command === "" ? "All facts" : "All facts, and the command that makes this run again"}
        </summary>
        {data.command !== "" && <Command text={data.command} />}
        <dl class="facts">
          {data.facts.map(([name, value]) => (
            <>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </>
          ))}
        </dl>
      </details>
    </section>
  );
}

function Figure(props: { name: string; value: ComponentChildren; note?: string; href: string }) {
  return (
    <div class="figure">
      <dt>
        <a href={props.href}>{props.name}</a>
      </dt>
      <dd>
        <b>{props.value}</b>
        {props.note !== undefined && <span class="dim">{props.note}</span>}
      </dd>
    </div>
  );
}

function Figures({ data }: { data: RunData }) {
  const { readings, datagrams, roundTrips, power, energy, end } = data;
  const taken = readings.taken.length;
  const arrived = readings.settled.filter((ms, i) => ms >= 0 && readings.lost[i] === 0);
  const sortedTrips = [...roundTrips].sort((a, b) => a - b);
  const sent = datagrams.up.length - datagrams.duplicate.filter((each) => each === 1).length;
  const lost = datagrams.travel.filter((ms) => ms < 0).length;
  const again = datagrams.again.filter(
    (times, i) => times > 0 && datagrams.up[i] === 1 && datagrams.duplicate[i] === 0,
  );
  const asleep = power.byState.find(([state]) => state === "modem psm")?.[1] ?? 0;
  const deep = power.byState.find(([state]) => state === "board deep sleep")?.[1] ?? 0;
  const share = (ms: number): string => `${digits((100 * ms) / Math.max(1, end))} %`;
  return (
    <>
      {taken > 0 && (
        <Figure
          name="Readings arrived"
          value={`${grouped(arrived.length)} of ${grouped(taken)}`}
          note={`in ${measuredSpan(end)}`}
          href="#readings"
        />
      )}
      {sortedTrips.length > 0 && (
        <Figure
          name="Requests answered, p50"
          value={measuredSpan(quantile(sortedTrips, 0.5))}
          note={`p99 ${measuredSpan(quantile(sortedTrips, 0.99))}, n ${grouped(sortedTrips.length)}`}
          href="#latency"
        />
      )}
      {energy !== undefined ? (
        <>
          <Figure
            name="Energy a reading"
            value={`${digits(energy.joulesPerReading)} J`}
            note={`${rangeOf(energy.range.joulesPerReading)} J, profile ${energy.profile}`}
            href="#energy"
          />
          <Figure
            name={`Lifetime on ${energy.battery.capacity} Wh`}
            value={lifetime(energy.years)}
            note={lifetimeRange(energy)}
            href="#energy"
          />
        </>
      ) : (
        power.joules > 0 && (
          <Figure
            name="Energy"
            value={withPrefix(power.joules, "J")}
            note={`profile ${power.profile}`}
            href="#energy"
          />
        )
      )}
      {sent > 0 && (
        <Figure
          name="Datagrams lost"
          value={`${digits((100 * lost) / sent)} %`}
          note={`${grouped(lost)} of ${grouped(sent)}, ${grouped(again.length)} sent again`}
          href={lost === 0 ? "#air" : lostOnes}
        />
      )}
      {asleep > 0 && (
        <Figure
          name="Modem asleep"
          value={share(asleep)}
          note={deep > 0 ? `board in deep sleep ${share(deep)}` : undefined}
          href="#power"
        />
      )}
    </>
  );
}

function rangeOf([least, most]: readonly [number, number]): string {
  return `${digits(least)} to ${digits(most)}`;
}

/** Years, or days where it is less than one. */
function lifetime(years: number): string {
  return years >= 1 ? `${years.toFixed(1)} years` : `${Math.max(1, Math.round(years * 365.25))} days`;
}

function lifetimeRange({ years, range }: NonNullable<RunData["energy"]>): string {
  const number = (value: number): string =>
    years >= 1 ? value.toFixed(1) : String(Math.max(1, Math.round(value * 365.25)));
  return `${number(range.years[0])} to ${number(range.years[1])} ${years >= 1 ? "years" : "days"}`;
}
