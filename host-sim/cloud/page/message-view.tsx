/** One CoAP message: its parts in words, and beside them the bytes that each of them stands in. */
import { useMemo, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { hexLines, messageParts } from "./message-parts";
import type { ByteRange, HexLine, HexRun } from "./message-parts";
import "./message.css";

interface MessageViewProps {
  readonly bytes: Uint8Array;
  /** Bytes that are not what was there. */
  readonly masked: readonly ByteRange[];
  /** Bytes of the datagram, where `bytes` are only the first of them. */
  readonly size?: number;
  readonly title?: ComponentChildren;
  /** Of a sealed product's message: the path of the request that it is, or answers. */
  readonly sealedPath?: string | undefined;
  /** What is known besides the bytes: when, from where, what it is for. */
  readonly facts?: readonly (readonly [name: string, value: ComponentChildren])[];
  /** What was read of it already, for a datagram of which too little is here to be read again. */
  readonly read?: readonly (readonly [name: string, value: string])[];
  /** What became of it, such as the measure points that a parsing script made of its payload. */
  readonly made?: ComponentChildren;
}

/** Bytes on a line of the dump. */
const perLine = 16;

export function MessageView(props: MessageViewProps) {
  const { bytes, masked, size, title, sealedPath, facts = [], read, made } = props;
  const [lit, setLit] = useState<number>();
  const parts = useMemo(() => messageParts(bytes, masked, sealedPath), [bytes, masked, sealedPath]);
  const lines = useMemo(() => hexLines(bytes, parts, masked, perLine), [bytes, parts, masked]);
  const isCut = size !== undefined && size > bytes.length;
  const isUnread = isCut && parts.length === 1 && read !== undefined;
  return (
    <div class="message-view">
      <div class="message-head">
        {title !== undefined && <h3>{title}</h3>}
        {facts.length > 0 && (
          <dl class="message-facts">
            {facts.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        )}
      </div>
      <div class="message-both">
        <dl class="message-parts">
          {isUnread
            ? read.map(([name, value]) => (
                <div class="message-part">
                  <dt>{name}</dt>
                  <dd>{value}</dd>
                </div>
              ))
            : parts.map(({ name, value, isMasked, length }, i) => (
                <div
                  key={i}
                  class={`message-part${i === lit ? " lit" : ""}`}
                  tabIndex={0}
                  onMouseEnter={() => setLit(i)}
                  onMouseLeave={() => setLit(undefined)}
                  onFocus={() => setLit(i)}
                  onBlur={() => setLit(undefined)}
                >
                  <dt title={`${length} of the bytes`}>{name}</dt>
                  <dd class={isMasked ? "dim" : undefined}>{value}</dd>
                </div>
              ))}
        </dl>
        <div class="hex-dump" tabIndex={0} role="img" aria-label={`The ${bytes.length} bytes in hexadecimal`}>
          {lines.map((line) => (
            <HexLineView key={line.at} line={line} lit={lit} onLit={setLit} />
          ))}
          {isCut && <p class="dim">{`… ${size - bytes.length} more bytes are not kept`}</p>}
        </div>
      </div>
      {made}
    </div>
  );
}

function HexLineView(props: {
  line: HexLine;
  lit: number | undefined;
  onLit: (part: number | undefined) => void;
}) {
  const { line, lit, onLit } = props;
  const cell = (run: HexRun, text: string, key: number) => (
    <span
      key={key}
      class={run.part === lit && run.part >= 0 ? "lit" : undefined}
      onMouseEnter={() => onLit(run.part)}
      onMouseLeave={() => onLit(undefined)}
    >
      {text}
    </span>
  );
  // A line that is short is filled up, so that the letters stand below each other.
  const digits = line.runs.reduce((sum, { letters }) => sum + 3 * letters.length, 0);
  return (
    <div class="hex-line">
      <span class="dim">{line.at.toString(16).padStart(4, "0")}</span>
      <span class="hex-digits">
        {line.runs.map((run, i) => cell(run, `${run.hex} `, i))}
        {" ".repeat(3 * perLine - digits)}
      </span>
      <span class="hex-letters">{line.runs.map((run, i) => cell(run, run.letters, i))}</span>
    </div>
  );
}
