/**
 * What runs inside QuickJS besides a script: it is evaluated first, so that it has the originals of what the
 * script may replace. Its value is a function that is given the slate, an ArrayBuffer which the host sees as well, and
 * returns the one function by which the host enters:
 *
 *     enter()        by the task on the slate:
 *       find         looks for the script's two functions
 *       toJson       bytes of the device, on the slate or, when they are more, as the argument's ArrayBuffer
 *       toRaw        the argument's JSON text
 *       tell         of the argument, which was thrown
 *
 * What came of it stands on the slate: nothing, a text (the value that `enter` returns, with its length on the slate,
 * for a NUL would end it early), bytes on the slate, or as many bytes as have no room there, as text; or a fault as text.
 * With a text goes what the script's global `lastSealed` says of the envelope that it opened, where it has that global.
 * Nothing of it goes byte by byte between the two sides, for each crossing costs.
 */

/** Bytes of the slate: the time at 0 (double), the task and what came of it at 8 (u32), a length at 12 (u32), bytes. */
export const slate = Object.freeze({ time: 0, task: 8, length: 12, bytes: 16, room: 2048 });

/** None has the number of an outcome: it stays on the slate when QuickJS does not even get to the prelude. */
export const Task = Object.freeze({ find: 11, toJson: 12, toRaw: 13, tell: 14 });

/** "opened": a text, of an envelope that the script opened, with what it says of that on the slate, see `seal`. */
export const Outcome = Object.freeze({
  nothing: 0,
  found: 1,
  text: 2,
  bytes: 3,
  moreBytes: 4,
  fault: 5,
  opened: 6,
});

/**
 * What a script says of an envelope, from the slate's bytes on: characters of the salt (16), the counter (u16, big-endian),
 * the root (u8), and the device key behind its length (u8). It is the script's own word: whoever reads it judges it.
 */
export const seal = Object.freeze({
  salt: 0,
  counter: 16,
  root: 18,
  length: 19,
  key: 20,
  saltLength: 16,
  longestKey: 255,
});

/** Between a fault, what the script had returned, and the stack of what was thrown. */
export const faultSeparator = "\u0001";

/** Longest result, in characters or bytes. */
const longestResult = 64 << 10;
/** Characters of a faulty result that are shown, and items of an array. */
const shownCharacters = 300;
const shownItems = 64;

export const preludeSource = `(function () {
  "use strict";
  var apply = Reflect.apply, construct = Reflect.construct;
  var join = Array.prototype.join, copyWith = Array.prototype.with, cut = String.prototype.slice;
  var codeAt = String.prototype.charCodeAt;
  var most = ${longestResult};

  var Time = Date, clock = 0, seed = 0, date = Date.prototype.toString, floor = Math.floor;
  function Clock() {
    var made = construct(Time, arguments.length === 0 ? [clock] : arguments);
    return new.target === undefined ? apply(date, new Time(clock), []) : made;
  }
  Clock.prototype = Time.prototype;
  Clock.prototype.constructor = Clock;
  Clock.UTC = Time.UTC;
  Clock.parse = Time.parse;
  Clock.now = function () { return floor(clock); };
  globalThis.Date = Clock;
  Math.random = function () {
    seed = seed * 16807 % 2147483647;
    return seed / 2147483647;
  };

  var View = Int8Array, slate, times, words, area, toJson, toRaw, seals = false;
  // "with" asks for the length of a view of the slate: a getter of the script's there would be given the slate itself,
  // could give its memory away, and so read and write what another script has there then.
  Object.defineProperty(View.prototype, "length", {
    get: Object.getOwnPropertyDescriptor(Object.getPrototypeOf(View.prototype), "length").get,
    configurable: false,
  });

  function told(error) {
    try {
      if (typeof error === "string") return "threw \\"" + apply(cut, error, [0, 200]) + "\\"";
      if (typeof error !== "object" || error === null) return "threw " + error;
      var name = error.name, message = error.message, stack = error.stack;
      return (typeof name === "string" ? apply(cut, name, [0, 80]) : "threw an object") +
        (typeof message === "string" ? ": " + apply(cut, message, [0, 200]) : "") +
        "\\u0001\\u0001" + (typeof stack === "string" ? apply(cut, stack, [0, 1000]) : "");
    } catch (again) {
      return "threw what cannot be told";
    }
  }

  function fault(words_, returned) {
    words[2] = ${Outcome.fault};
    return words_ + "\\u0001" + shown(returned);
  }

  function shown(value) {
    if (typeof value === "string") return apply(cut, value, [0, ${shownCharacters}]);
    if (typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol") return "" + value;
    return "";
  }

  function shownList(list, n) {
    var items = [];
    for (var i = 0; i < n && i < ${shownItems}; i++) {
      var item = list[i];
      items[i] = typeof item === "object" && item !== null || typeof item === "function" || typeof item === "symbol"
        ? "(" + typeof item + ")" : apply(cut, "" + item, [0, 40]);
    }
    return "[" + apply(join, items, [","]) + (n > i ? ",..." : "") + "]";
  }

  // The bytes as an ordinary array: a copy with the first put in place of itself takes half of what a loop does.
  function list(bytes, n) {
    return n === 0 ? [] : apply(copyWith, bytes, [0, bytes[0]]);
  }

  function text(buffer) {
    var json = buffer === undefined
      ? toJson(list(new View(slate, ${slate.bytes}, words[3]), words[3])) : toJson(list(new View(buffer), words[3]));
    if (typeof json !== "string") return fault("rawDataToJsonStr returned " + kind(json) + ", expected text", json);
    var n = json.length;
    if (n > most) return fault("rawDataToJsonStr returned " + n + " characters, at most " + most, json);
    words[2] = seals && putSeal() ? ${Outcome.opened} : ${Outcome.text};
    words[3] = n;
    return json;
  }

  // Whether the script opened an envelope. Each member is read once, for a getter may say something else each time; what
  // it says is not judged here, but none of it is longer than its place.
  function putSeal() {
    try {
      var told = lastSealed;
      if (typeof told !== "object" || told === null) return false;
      var salt = told.salt, counter = told.counter, root = told.root, key = told.deviceKey;
      if (typeof salt !== "string" || salt.length !== ${seal.saltLength} || typeof key !== "string") return false;
      if (typeof counter !== "number" || (counter & 65535) !== counter || root !== 0 && root !== 1) return false;
      if (key.length > ${seal.longestKey}) return false;
      if (!putText(salt, ${seal.salt}) || !putText(key, ${seal.key})) return false;
      area[${seal.counter}] = counter >> 8;
      area[${seal.counter + 1}] = counter;
      area[${seal.root}] = root;
      area[${seal.length}] = key.length;
      return true;
    } catch (error) {
      return false;
    }
  }

  function putText(ascii, at) {
    for (var i = 0; i < ascii.length; i++) {
      var code = apply(codeAt, ascii, [i]);
      if (code <= 32 || code >= 127) return false;
      area[at + i] = code;
    }
    return true;
  }

  function bytes(json) {
    var out = toRaw(json), n = typeof out === "object" && out !== null ? out.length : undefined;
    if (typeof n !== "number" || !(n >= 0)) {
      return fault("jsonStrToRawData returned " + kind(out) + ", expected an array of bytes", out);
    }
    if (n > most) return fault("jsonStrToRawData returned " + n + " bytes, at most " + most, undefined);
    var to = n <= ${slate.room} ? area : [];
    for (var i = 0; i < n; i++) {
      var byte = out[i];
      if (typeof byte !== "number" || (byte & 255) !== byte && (byte << 24 >> 24) !== byte) {
        return fault("jsonStrToRawData returned an array whose item " + i + " is no byte", shownList(out, n));
      }
      to[i] = byte & 255;
    }
    words[3] = i;
    if (to === area) {
      words[2] = ${Outcome.bytes};
      return undefined;
    }
    words[2] = ${Outcome.moreBytes};
    return apply(join, to, [","]);
  }

  function kind(value) {
    return value === null ? "null" : typeof value;
  }

  return function (shared) {
    slate = shared;
    times = new Float64Array(slate, 0, 1);
    words = new Uint32Array(slate, 0, 4);
    area = new View(slate, ${slate.bytes});
    clock = times[0];
    seed = 1;
    return function (given) {
      var task = words[2];
      clock = times[0];
      seed = 1;
      try {
        words[2] = 0;
        if (task === ${Task.toJson}) return text(given);
        if (task === ${Task.toRaw}) return bytes(given);
        if (task === ${Task.tell}) {
          words[2] = ${Outcome.fault};
          return told(given);
        }
        if (typeof rawDataToJsonStr !== "function") return fault("has no function rawDataToJsonStr", "");
        toJson = rawDataToJsonStr;
        if (typeof jsonStrToRawData !== "function") return fault("has no function jsonStrToRawData", "");
        toRaw = jsonStrToRawData;
        // Looked for once: a script of plain messages pays nothing for it.
        seals = typeof lastSealed !== "undefined";
        words[2] = ${Outcome.found};
        words[3] = seals ? 1 : 0;
        return undefined;
      } catch (error) {
        var why = told(error);
        words[2] = ${Outcome.fault};
        return why;
      }
    };
  };
})()`;
