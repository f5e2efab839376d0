/** The loop of board and PC, in time that only the test moves. */
import { describe, expect, it } from "vitest";
import { Driver } from "../../../firmware/device/driver";
import type { Driven, Timers } from "../../../firmware/device/driver";

const minute = 60_000;
const day = 86_400_000;

interface VirtualTimer {
  readonly callback: () => void;
  readonly interval: number | undefined;
  at: number;
  over: boolean;
}

/** Timers as strict as Moddable's: one that has called back is not there any more. */
class VirtualTimers implements Timers<VirtualTimer> {
  now = 0;
  /** Every wait that was asked for. */
  readonly waits: number[] = [];
  /** No timer can be set, as when memory has run out. */
  exhausted = false;
  #timers: VirtualTimer[] = [];

  set(callback: () => void, wait: number): VirtualTimer {
    if (this.exhausted) throw new Error("no timer left");
    this.waits.push(wait);
    const timer = { callback, interval: undefined, at: this.now + wait, over: false };
    this.#timers.push(timer);
    return timer;
  }

  schedule(timer: VirtualTimer, wait: number): void {
    if (timer.over) throw new Error("invalid timer");
    if (this.exhausted) throw new Error("no timer left");
    this.waits.push(wait);
    timer.at = this.now + wait;
  }

  repeat(callback: () => void, interval: number): void {
    this.#timers.push({ callback, interval, at: this.now + interval, over: false });
  }

  /** How many timers will call back. */
  get running(): number {
    return this.#timers.length;
  }

  /** Lets time pass. */
  advance(ms: number): void {
    const until = this.now + ms;
    for (let calls = 0; ; calls++) {
      if (calls > 10_000) throw new Error(`no rest at ${this.now} ms`);
      this.#timers.sort((a, b) => a.at - b.at);
      const timer = this.#timers[0];
      if (timer === undefined || timer.at > until) break;
      this.now = timer.at;
      if (timer.interval === undefined) {
        timer.over = true;
        this.#timers.shift();
      } else {
        timer.at += timer.interval;
      }
      timer.callback();
    }
    this.now = until;
  }
}

class Rig implements Driven {
  readonly timers = new VirtualTimers();
  readonly story: string[] = [];
  readonly faults: string[] = [];
  deadline = Infinity;
  onPoll: () => void = () => {};
  onFault: () => void = () => {};
  onSupervise: () => void = () => {};
  beforeWait: ((now: number, disturbed: boolean) => number) | undefined;
  readonly driver: Driver<VirtualTimer>;

  constructor() {
    this.driver = new Driver({
      agent: this,
      now: () => this.timers.now,
      timers: this.timers,
      beforeWait: (now, disturbed) => this.beforeWait?.(now, disturbed) ?? Infinity,
      onFault: (text) => this.faults.push(text),
    });
  }

  poll(now: number): void {
    this.story.push(`poll ${now}`);
    if (this.deadline <= now) this.deadline = Infinity;
    this.onPoll();
  }

  fault(now: number): void {
    this.story.push(`fault ${now}`);
    this.onFault();
  }

  supervise(now: number): void {
    this.story.push(`supervise ${now}`);
    this.onSupervise();
  }

  /** What has happened since the last look. */
  get news(): string[] {
    return this.story.splice(0);
  }
}

/** A rig that has been started, with its first turn forgotten. */
function started(): Rig {
  const rig = new Rig();
  rig.driver.start();
  rig.story.length = 0;
  rig.timers.waits.length = 0;
  return rig;
}

describe("the driver", () => {
  it("polls the agent at once when it is started, and then at its deadline", () => {
    const rig = new Rig();
    rig.deadline = 5_000;
    rig.driver.start();
    expect(rig.news).toEqual(["poll 0"]);
    rig.timers.advance(4_999);
    expect(rig.news).toEqual([]);
    rig.timers.advance(1);
    expect(rig.news).toEqual(["poll 5000"]);
    rig.timers.advance(4 * minute);
    expect(rig.news).toEqual([]);
  });

  it("waits whole milliseconds, never less than asked for and never less than none", () => {
    const rig = started();
    rig.deadline = 0.2;
    rig.driver.turn(() => {});
    rig.deadline = 10.5;
    rig.driver.turn();
    rig.onPoll = () => (rig.deadline = -7);
    rig.driver.turn();
    expect(rig.timers.waits).toEqual([1, 11, 0]);
  });

  it("gives an event to the agent's parts, polls the agent, and follows the deadline that this gave", () => {
    const rig = started();
    rig.timers.advance(1_000);
    rig.driver.turn((now) => {
      rig.story.push(`event ${now}`);
      rig.deadline = 3_000;
    });
    expect(rig.news).toEqual(["event 1000", "poll 1000"]);
    rig.timers.advance(2_000);
    expect(rig.news).toEqual(["poll 3000"]);
  });

  it("has one timer beside that of supervision, however many events there were", () => {
    const rig = started();
    for (let i = 0; i < 50; i++) {
      rig.deadline = rig.timers.now + 500;
      rig.driver.turn(() => {});
      rig.timers.advance(100);
    }
    expect(rig.timers.running).toBe(2);
  });

  it("polls soon when it is woken, but not from within the call", () => {
    const rig = started();
    rig.driver.wake();
    expect(rig.news).toEqual([]);
    rig.timers.advance(0);
    expect(rig.news).toEqual(["poll 0"]);
  });

  it("never waits longer than a day", () => {
    const rig = started();
    rig.deadline = 40 * day;
    rig.driver.turn();
    rig.deadline = Infinity;
    rig.driver.turn();
    expect(rig.timers.waits).toEqual([day, day]);
  });
});

describe("an event while a turn is under way", () => {
  it("has its turn after that one, and the last turn sets the timer", () => {
    const rig = started();
    rig.onPoll = () => {
      rig.onPoll = () => {};
      rig.driver.turn(() => {
        rig.story.push("second");
        rig.deadline = 700;
      });
      rig.driver.turn(() => rig.story.push("third"));
      rig.story.push("first is through");
    };
    rig.driver.turn(() => rig.story.push("first"));
    expect(rig.news).toEqual(["first", "poll 0", "first is through", "second", "poll 0", "third", "poll 0"]);
    expect(rig.timers.waits).toEqual([700]);
  });

  it("is not lost to a fault of that turn", () => {
    const rig = started();
    rig.driver.turn(() => {
      rig.driver.turn(() => rig.story.push("second"));
      throw new Error("first");
    });
    expect(rig.news).toEqual(["fault 0", "second", "poll 0"]);
    expect(rig.faults).toEqual(["first"]);
  });

  it("that only wakes polls once more, whatever the deadline", () => {
    const rig = started();
    rig.onPoll = () => {
      rig.onPoll = () => {};
      rig.driver.wake();
    };
    rig.driver.turn();
    rig.timers.advance(0);
    expect(rig.news).toEqual(["poll 0", "poll 0"]);
  });
});

describe("a fault in a turn", () => {
  for (const where of ["the event", "the agent's poll"]) {
    it(`from ${where} is told, counted by the agent, and followed by a pause`, () => {
      const rig = started();
      const fail = (): void => {
        throw new Error("broken");
      };
      rig.deadline = 0;
      if (where === "the event") rig.driver.turn(fail);
      else {
        rig.onPoll = fail;
        rig.driver.turn();
      }
      expect(rig.faults).toEqual(["broken"]);
      expect(rig.news.at(-1)).toBe("fault 0");
      rig.onPoll = () => {};
      rig.timers.advance(999);
      expect(rig.news).toEqual([]);
      rig.timers.advance(1);
      expect(rig.news).toEqual(["poll 1000"]);
    });
  }

  it("does not stop the loop when counting it fails as well, or when it is no Error", () => {
    const rig = started();
    rig.onPoll = () => {
      throw "no Error";
    };
    rig.onFault = () => {
      throw new Error("and again");
    };
    rig.driver.turn();
    expect(rig.faults).toEqual(["unknown", "and again"]);
    rig.onPoll = () => {};
    rig.timers.advance(1_000);
    expect(rig.news).toEqual(["poll 0", "fault 0", "poll 1000"]);
  });

  it("of what is only guarded is told and not counted", () => {
    const rig = started();
    rig.driver.guard(() => {
      throw new Error("the UART's");
    });
    expect([rig.faults, rig.news]).toEqual([["the UART's"], []]);
  });
});

describe("supervision", () => {
  it("comes every ten minutes, on a timer that neither events nor a deadline move", () => {
    const rig = started();
    for (let i = 0; i < 20; i++) {
      rig.deadline = rig.timers.now + 30_000;
      rig.driver.turn(() => {});
      rig.timers.advance(minute);
    }
    expect(rig.story.filter((line) => line.startsWith("supervise"))).toEqual([
      "supervise 600000",
      "supervise 1200000",
    ]);
  });

  it("goes on after a fault of its own, and does not poll the agent", () => {
    const rig = started();
    rig.onSupervise = () => {
      throw new Error("its own");
    };
    rig.timers.advance(20 * minute);
    expect(rig.news).toEqual(["supervise 600000", "supervise 1200000"]);
    expect(rig.faults).toEqual(["its own", "its own"]);
  });
});

describe("deep sleep", () => {
  it("is asked after the poll, whether an event disturbed, and bounds the wait", () => {
    const rig = started();
    const asked: string[] = [];
    rig.beforeWait = (now, disturbed) => {
      asked.push(`${now} ${disturbed ? "disturbed" : "quiet"} ${rig.news.join()}`);
      return disturbed ? 300 : Infinity;
    };
    rig.deadline = 60_000;
    rig.driver.turn(() => {});
    expect(asked.splice(0)).toEqual(["0 disturbed poll 0"]);
    expect(rig.timers.waits).toEqual([300]);
    rig.timers.advance(300);
    expect(asked).toEqual(["300 quiet poll 300"]);
    expect(rig.timers.waits).toEqual([300, 59_700]);
  });

  it("is told that an event disturbs which came in the turn: nothing that waits may be slept away", () => {
    const rig = started();
    const asked: boolean[] = [];
    rig.beforeWait = (_now, disturbed) => {
      asked.push(disturbed);
      return Infinity;
    };
    rig.onPoll = () => {
      rig.onPoll = () => {};
      rig.driver.turn();
    };
    rig.driver.turn();
    expect(asked).toEqual([true, false]);
  });

  it("is not asked after a fault", () => {
    const rig = started();
    let asked = 0;
    rig.beforeWait = () => (asked += 1);
    rig.onPoll = () => {
      throw new Error("broken");
    };
    rig.driver.turn();
    expect(asked).toBe(0);
  });
});

describe("a timer that cannot be set", () => {
  it("is a fault, and no exception; the next event sets one", () => {
    const rig = started();
    rig.timers.exhausted = true;
    rig.driver.turn();
    expect(rig.faults).toEqual(["no timer left"]);
    expect(rig.news).toEqual(["poll 0", "fault 0"]);
    rig.timers.exhausted = false;
    rig.deadline = 2_000;
    rig.driver.turn(() => {});
    rig.story.length = 0;
    rig.timers.advance(2_000);
    expect(rig.news).toEqual(["poll 2000"]);
  });

  it("is set by supervision when no event comes", () => {
    const rig = started();
    rig.deadline = 1_000;
    rig.driver.turn();
    rig.timers.exhausted = true;
    rig.timers.advance(1_000);
    expect(rig.news).toEqual(["poll 0", "poll 1000", "fault 1000"]);
    rig.timers.exhausted = false;
    rig.timers.advance(10 * minute);
    expect(rig.news).toEqual(["supervise 600000", "poll 600000"]);
    expect(rig.timers.running).toBe(2);
  });

  it("waking the agent does not throw either", () => {
    const rig = started();
    rig.timers.exhausted = true;
    rig.driver.wake();
    expect(rig.faults).toEqual(["no timer left"]);
  });
});
