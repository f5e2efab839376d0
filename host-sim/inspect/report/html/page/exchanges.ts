/** Datagrams that belong together: a request, what it was sent again, and its answers. */
import { decodeCoap } from "../../../../cloud/coap/coap-wire";

/** Numbers of the datagrams of one exchange, in their order. */
export type Exchange = readonly number[];

interface Exchanges {
  readonly list: readonly Exchange[];
  /** By datagram: the number of its exchange. */
  readonly of: Int32Array;
}

/** What of a run's datagrams is needed to pair them. */
interface Datagrams {
  readonly length: number;
  readonly isUp: (datagram: number) => boolean;
  readonly bytes: (datagram: number) => Uint8Array;
}

/**
 * Pairs them: answers with their request by token, what has none by message id, retransmissions with what they repeat.
 * A token that is used once more, with another message id, begins another exchange.
 */
export function pairExchanges({ length, isUp, bytes }: Datagrams): Exchanges {
  const list: number[][] = [];
  const of = new Int32Array(length);
  const byToken = new Map<string, number>();
  const byId = new Map<string, number>();
  for (let datagram = 0; datagram < length; datagram++) {
    const message = decodeCoap(bytes(datagram));
    const way = isUp(datagram) ? "up" : "down";
    const other = isUp(datagram) ? "down" : "up";
    let exchange: number | undefined;
    if (!("malformed" in message)) {
      const { code, messageId, type } = message;
      const token = message.token.join(" ");
      const isAnswer = code >= 0x40;
      const isEmptyAnswer = code === 0 && type >= 2;
      if (isAnswer && token !== "") exchange = byToken.get(`${other} ${token}`);
      // What acknowledges has the id of the other side's message, a retransmission its own once more.
      exchange ??= byId.get(`${isEmptyAnswer || (isAnswer && type === 2) ? other : way} ${messageId}`);
      exchange ??= list.length;
      if (!isAnswer && !isEmptyAnswer && token !== "") byToken.set(`${way} ${token}`, exchange);
      if (type < 2) remember(byId, `${way} ${messageId}`, exchange);
    }
    exchange ??= list.length;
    if (exchange === list.length) list.push([]);
    list[exchange].push(datagram);
    of[datagram] = exchange;
  }
  return { list, of };
}

/** Message ids come round again: only the last few of a side are known. */
const remembered = 64;

function remember(map: Map<string, number>, key: string, value: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > remembered) map.delete(map.keys().next().value!);
}
