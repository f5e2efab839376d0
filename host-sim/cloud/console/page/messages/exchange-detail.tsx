/** An exchange that is open: its request and its answer with their bytes, what became of it, and how to do it again. */
import { useMemo } from "preact/hooks";
import { CopyButton } from "../../../page/copy";
import { MessageView } from "../../../page/message-view";
import { bytesOfHex } from "../../../page/message-parts";
import { span } from "../../../page/words";
import { coapClientLine, curlLine, curlOfRange } from "./command-lines";
import type { ApiPlace, CommandLine } from "./command-lines";
import type { ShownExchange, ShownMessage } from "./message-list";

interface DetailProps {
  readonly exchange: ShownExchange;
  readonly place: ApiPlace;
  /** `HOST:PORT` of the stand-in's CoAP. */
  readonly server: string;
  /** Product keys of those whose payloads are sealed. */
  readonly sealedProducts: ReadonlySet<string>;
}

export function ExchangeDetail({ exchange, place, server, sealedProducts }: DetailProps) {
  const { messages, request, answer, more, unheard } = exchange;
  const isSealed = ({ device }: ShownMessage): boolean =>
    device !== undefined && sealedProducts.has(device.split("/")[0]);
  const main = [request ?? messages[0], answer].filter((each) => each !== undefined);
  const others = messages.filter((message) => !main.includes(message));
  return (
    <div class="exchange-detail">
      {main.map((message) => (
        <OneMessage key={message.number} message={message} isSealed={isSealed(message)} />
      ))}
      {others.length > 0 && (
        <div>
          <h3>Sent again</h3>
          <ul class="exchange-again">
            {others.map((message) => (
              <li key={message.number}>
                {`${message.way === "up" ? "device → cloud" : "cloud → device"} · ${message.line} · `}
                {`${span(Math.max(0, message.at - messages[0].at))} after the first`}
              </li>
            ))}
            {more > 0 && <li class="dim">{`and ${more} more`}</li>}
          </ul>
          {unheard > 0 && answer !== undefined && (
            <p class="hint">
              The request came again after the answer had left: the answer was lost, or still under way.
            </p>
          )}
        </div>
      )}
      <Became messages={messages} />
      <Copies {...{ exchange, place, server }} />
    </div>
  );
}

function OneMessage({ message, isSealed }: { message: ShownMessage; isSealed: boolean }) {
  const { at, way, peer, size, again = 0, hex, fields, path } = message;
  const { bytes, masked } = useMemo(() => bytesOfHex(hex), [hex]);
  const facts: [string, string][] = [
    [way === "up" ? "came" : "left", new Date(at).toISOString()],
    [way === "up" ? "from" : "to", peer],
    ["size", `${size} B`],
  ];
  if (again > 0) facts.push(["again", `the same ${again} times before`]);
  return (
    <MessageView
      title={way === "up" ? "Device to cloud" : "Cloud to device"}
      bytes={bytes}
      masked={masked}
      size={size}
      sealedPath={isSealed ? path : undefined}
      facts={facts}
      read={fields}
    />
  );
}

/** What the cloud made of the messages: stored, refused, and the measure points that are in it. */
function Became({ messages }: { messages: readonly ShownMessage[] }) {
  const list = messages.flatMap(({ outcomes }) => outcomes.list);
  const more = messages.reduce((sum, { outcomes }) => sum + outcomes.more, 0);
  if (list.length === 0 && more === 0) return null;
  return (
    <div class="exchange-became">
      <h3>What became of it</h3>
      {list.map(({ text, points, leftOut = 0 }, i) => (
        <div key={i}>
          <p>{text}</p>
          {points !== undefined && (
            <dl class="exchange-points">
              {Object.entries(points).map(([identifier, value]) => (
                <div key={identifier}>
                  <dt>{identifier}</dt>
                  <dd>{valueText(value)}</dd>
                </div>
              ))}
            </dl>
          )}
          {leftOut > 0 && <p class="dim">{`${leftOut} measure points are not shown`}</p>}
        </div>
      ))}
      {more > 0 && <p class="dim">{`and ${more} more`}</p>}
    </div>
  );
}

function valueText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Lines to paste into a shell. */
function Copies({ exchange, place, server }: Omit<DetailProps, "sealedProducts">) {
  const { messages, request } = exchange;
  const asked = request ?? messages[0];
  const { bytes, masked, isCut } = bytesOfHex(asked.hex);
  const client = coapClientLine(bytes, masked, isCut, server);
  const carried = messages
    .flatMap(({ fields }) => fields)
    .filter(([name]) => name === "payload" || name.startsWith("2102"))
    .map(([, value]) => curlLine(value, place))
    .find((line) => line !== undefined);
  const times = messages.map(({ at }) => at);
  return (
    <div class="bar exchange-copies">
      {"line" in client ? (
        <CopyButton label="Copy as coap-client" text={client.line} />
      ) : (
        <button type="button" aria-disabled="true" title={client.cannot}>
          Copy as coap-client
        </button>
      )}
      {carried !== undefined && <CopyButton label="Copy as curl" text={carried} />}
      <CopyButton
        label="Copy curl that reads it"
        text={curlOfRange(place, Math.min(...times), Math.max(...times))}
      />
      <span class="hint">{hintOf(client)}</span>
    </div>
  );
}

function hintOf(client: CommandLine): string {
  if ("cannot" in client) return `Not as coap-client: ${client.cannot}.`;
  return (
    client.note ?? "coap-client-notls is Debian's name of libcoap's client; elsewhere it is coap-client."
  );
}
