/**
 * What runs inside QuickJS besides a script: it is evaluated first, so that it has the originals of what the
 * script may replace. Its value is an object of two functions.
 *
 *     told(error)          "!fault", and on further lines the stack, of whatever was thrown
 *     wrap(isToJson, f)    the function (input, now) to call in place of one of the script's two
 *
 * A result crosses as one text, `=length:content` or `!fault`, for each crossing costs. The length shows
 * whether the content has crossed whole: a NUL would end it early.
 */

/** Longest result, in characters or bytes. */
const longestResult = 64 << 10;

export const preludeSource = `(function () {
  "use strict";
  var apply = Reflect.apply, construct = Reflect.construct, of = Array.of, List = Array, View = Int8Array;
  var join = Array.prototype.join, cut = String.prototype.slice;
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

  function told(error) {
    try {
      if (typeof error === "string") return "!threw \\"" + apply(cut, error, [0, 200]) + "\\"";
      if (typeof error !== "object" || error === null) return "!threw " + error;
      var name = error.name, message = error.message, stack = error.stack;
      return "!" + (typeof name === "string" ? apply(cut, name, [0, 80]) : "threw an object") +
        (typeof message === "string" ? ": " + apply(cut, message, [0, 200]) : "") +
        (typeof stack === "string" ? "\\n" + apply(cut, stack, [0, 1000]) : "");
    } catch (again) {
      return "!threw what cannot be told";
    }
  }

  function list(bytes) {
    var n = bytes.length, plain = [];
    // So many arguments at once are no burden to the stack.
    if (n <= 4096) return apply(of, List, bytes);
    for (var i = 0; i < n; i++) plain[i] = bytes[i];
    return plain;
  }

  function text(f, buffer) {
    var json = f(list(new View(buffer)));
    if (typeof json !== "string") return "!rawDataToJsonStr returned " + kind(json) + ", expected text";
    if (json.length > most) {
      return "!rawDataToJsonStr returned " + json.length + " characters, at most " + most;
    }
    return "=" + json.length + ":" + json;
  }

  function bytes(f, json) {
    var out = f(json), n = typeof out === "object" && out !== null ? out.length : undefined, plain = [];
    if (typeof n !== "number" || !(n >= 0)) {
      return "!jsonStrToRawData returned " + kind(out) + ", expected an array of bytes";
    }
    if (n > most) return "!jsonStrToRawData returned " + n + " bytes, at most " + most;
    for (var i = 0; i < n; i++) {
      var byte = out[i];
      if (typeof byte !== "number" || (byte & 255) !== byte && (byte << 24 >> 24) !== byte) {
        return "!jsonStrToRawData returned an array whose item " + i + " is no byte";
      }
      plain[i] = byte & 255;
    }
    return "=" + plain.length + ":" + apply(join, plain, [","]);
  }

  function kind(value) {
    return value === null ? "null" : typeof value;
  }

  return {
    told: told,
    wrap: function (isToJson, f) {
      var way = isToJson ? text : bytes;
      return function (input, now) {
        clock = now;
        seed = 1;
        try {
          return way(f, input);
        } catch (error) {
          return told(error);
        }
      };
    },
  };
})()`;
