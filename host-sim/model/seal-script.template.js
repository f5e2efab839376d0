
// ---- sealed messages ----
//
// What is written above is the inside of an envelope, AES-CCM with 13 bytes of nonce and 8 of tag (COSE's algorithm 10,
// AES-CCM-16-64-128, RFC 9053 section 4.2), which expands byte by byte to a COSE_Encrypt0 of RFC 9052:
//
//   from the device     8 + 2 t + (c - 1), one byte
//                       name      t = 0: the first 14 digits of an IMEI as a u48, the 15th is their check digit
//                                 t = 1: length u8 | the device key as text
//                       salt      8 bytes that the device draws at its start
//                       counter   of c bytes, 1 or 2: a u8 below 256, a u16 from there
//                       ciphertext | tag of 8 bytes
//   to the device       0e under one root, 0f under two | time u48, epoch ms | nonce of 13 bytes |
//                         ( ciphertext | tag of 8 bytes ), for each root one
//   answer to points    request id u32 | code u16 | with PROOF a mac of 8 bytes, of a COSE_Mac0 with HMAC 256/64
//
// Inside, and nowhere else, there are three more messages from a device:
//
//   a reading and its time   07 | request id u32 | time u40 | ( point u8 | length u16 | value [quality u8] )*
//   the same, compact        0c | request id u32 | time u40 | n u8 | bitmap of n bytes | ( value [quality u8] )*
//   event, attributes, tags  0d | request id u32 | n u8 | method of n bytes, without "thing." | params as JSON
//
// The time is in ms since the start of 2020, UTC. All readings become thing.measurepoint.post.batch or
// thing.measurepoint.resume.batch, each entry with the product key and device key of its envelope: EnOS then refuses
// a reading that came by another device's path. One that states no time has that of its arrival.
//
// Keys: HKDF-Expand of RFC 5869 with SHA-256; each key is one HMAC under the key above it.
//
//   root -> device     "enos-seal/1 device " product key "/" device key
//   device -> up       "enos-seal/1 up " salt       the AES key, then 13 bytes that the counter turns into the nonce
//   device -> down     "enos-seal/1 down"           the AES key
//   device -> nonce    "enos-seal/1 nonce"          HMAC under it, of time and command, is the nonce
//   device -> proof    "enos-seal/1 proof"          HMAC under it is the mac of an answer
//   device -> mark     "enos-seal/1 mark"           8 bytes that tell sealed readings
//
// A command has to say whom it is for: the text "deviceKey" among its params, which is not sent. With PROOF the id
// of a report is "<request id>.<root>.<salt>.<counter>.<device key>": EnOS hands it back with the answer. With MARK
// each reading has one more measure point, "sealed": the mark of its device, which is never on the air.
//
// What is not sealed as it should be is refused by throwing Error("sealed: " and why): plain, truncated, name,
// forged, no roots, no deviceKey in params.

// What the last call of rawDataToJsonStr opened, { deviceKey, salt, counter, root }; null when that was no envelope.
var lastSealed = null;

function rawDataToJsonStr(bytes) {
  lastSealed = null;
  lastFault = "";
  var given;
  try {
    given = plainBytes(bytes);
  } catch (error) {
    return unreadable(undefined, error);
  }
  if ((given[0] & 252) !== 8) {
    if (MIGRATING) return plainToJson(given);
    return refuse(given.length === 0 ? "truncated" : "plain");
  }
  var opened = openEnvelope(given);
  lastSealed = { deviceKey: opened.deviceKey, salt: opened.salt, counter: opened.counter, root: opened.root };
  return readInner(opened);
}

function jsonStrToRawData(json) {
  lastFault = "";
  var message;
  try {
    message = JSON.parse(json);
  } catch (error) {
    return plainToRaw(json);
  }
  if (!isObject(message)) return plainToRaw(json, message);
  if (typeof message.method !== "string") return writeAnswer(json, message);
  if (message.method.indexOf("thing.service.") !== 0) return plainToRaw(json, message);
  var params = message.params;
  if (!isObject(params) || !has(params, "deviceKey")) {
    if (MIGRATING) return plainToRaw(json, message);
    return refuse("no deviceKey in params");
  }
  var deviceKey = params.deviceKey;
  if (typeof deviceKey !== "string") return refuse("no deviceKey in params");
  if (!isName(deviceKey)) return refuse("name");
  if (ROOTS.length === 0) return refuse("no roots");
  delete params.deviceKey;
  var plain = plainToRaw(json, message);
  return plain.length === 0 ? plain : sealCommand(plain, deviceKey);
}

function refuse(reason) {
  lastFault = "sealed: " + reason;
  throw new Error(lastFault);
}

function unreadable(id, error) {
  lastFault = String(error && error.message);
  return JSON.stringify({ id: id, code: 1220, message: lastFault });
}

// ---- what stands in an envelope ----

function readInner(opened) {
  var bytes = opened.bytes;
  var kind = bytes[0];
  var json;
  if (kind === 1 || (kind > 2 && kind < 6) || kind === 7 || kind === 12 || kind === 13) {
    var id;
    try {
      var input = { bytes: bytes, at: 1, deviceKey: opened.deviceKey, mark: MARK ? markOf(opened.keys) : "" };
      id = String(readUint(input, 4, bytes.length));
      if (kind === 13) json = readMessage(input, id);
      else if (kind === 4 || kind === 5) json = readBatch(input, id, kind === 5);
      else json = readOne(input, id, kind === 3 || kind === 12, kind > 5);
    } catch (error) {
      json = unreadable(id, error);
    }
  } else {
    json = plainToJson(bytes);
  }
  // The answer to a command has the command's id, and what could not be read is not answered with a proof.
  if (!PROOF || lastFault !== "" || kind === 2 || kind === 6 || kind > 16) return json;
  var end = json.indexOf('"', 7);
  var proof = "." + opened.root + "." + opened.salt + "." + opened.counter + "." + opened.deviceKey;
  return json.slice(0, end) + JSON.stringify(proof).slice(1, -1) + json.slice(end);
}

// One reading. A device that does not know the time yet states none.
function readOne(input, id, compact, timed) {
  var end = input.bytes.length;
  var time = timed ? 1577836800000 + readUint(input, 5, end) : new Date().getTime();
  var points = compact ? readCompact(input) : readSample(input, -1);
  if (input.at !== end) fail(end - input.at + " bytes left over");
  return named(input, id, "thing.measurepoint.post", { measurepoints: points, time: time });
}

// Readings, one or several, which state their device where they came in its envelope.
function named(input, id, method, params) {
  var alone = isObject(params);
  if (input.deviceKey === undefined || (alone && isEmpty(params.measurepoints))) return uplink(id, method, params);
  var readings = alone ? [params] : params;
  var entries = [];
  for (var i = 0; i < readings.length; i++) {
    var reading = readings[i];
    var entry = { productKey: PRODUCT_KEY, deviceKey: input.deviceKey };
    entry.measurepoints = reading.measurepoints;
    if (MARK) entry.measurepoints.sealed = input.mark;
    entry.time = reading.time;
    entries.push(entry);
  }
  return uplink(id, alone ? method + ".batch" : method, entries);
}

// Its JSON is read and written anew: nothing of it stands in the message as it came.
function readMessage(input, id) {
  var end = input.bytes.length;
  var length = readUint(input, 1, end);
  need(input, length, end);
  var method = readText(input, input.at + length);
  if (!/^(event\.[A-Za-z0-9_.-]{1,64}\.post|(attribute|tag)\.(update|delete))$/.test(method)) {
    fail("the method " + method.slice(0, 80) + " is none that is sealed");
  }
  var text = readText(input, end);
  var params;
  try {
    params = JSON.parse(text);
  } catch (error) {
    fail("params is no JSON");
  }
  if (!isObject(params) && !Array.isArray(params)) fail("params is neither an object nor a list");
  return uplink(id, "thing." + method, params);
}

// ---- envelopes ----

// { bytes, keys, deviceKey, salt, counter, root } of bytes that begin as an envelope does.
function openEnvelope(bytes) {
  var end = bytes.length;
  var isText = (bytes[0] & 2) !== 0;
  if (end < 2) refuse("truncated");
  var saltAt = isText ? 2 + bytes[1] : 7;
  var textAt = saltAt + 9 + (bytes[0] & 1);
  if (textAt + 8 > end) refuse("truncated");
  var deviceKey = isText ? textOfName(bytes, 2, saltAt) : imeiOf(bytes);
  var counter = bytes[textAt - 1];
  if ((bytes[0] & 1) !== 0) {
    counter += bytes[saltAt + 8] * 256;
    // No device writes a small counter in two bytes; to take it would give a message a second form.
    if (counter < 256) refuse("forged");
  }
  if (ROOTS.length === 0) refuse("no roots");
  var salt = hexOf(bytes, saltAt, saltAt + 8);
  // The root that opened this device's last one goes first: the other costs as much in vain.
  var last = has(remembered, "1/" + deviceKey) && !has(remembered, "0/" + deviceKey) ? 1 : 0;
  for (var i = 0; i < ROOTS.length; i++) {
    var root = i ^ last;
    var keys = keysOf(root, deviceKey);
    var up = keys.up !== null && keys.up.salt === salt ? keys.up : upOf(keys, salt);
    var nonce = up.nonce.slice();
    nonce[11] ^= counter >> 8;
    nonce[12] ^= counter & 255;
    var plain = ccmOpen(up.schedule, nonce, keys.upData, bytes, textAt);
    if (plain === null) continue;
    // Only what has proven itself is remembered, so that strangers do not push the devices out.
    remember(keys);
    keys.up = up;
    return { bytes: plain, keys: keys, deviceKey: deviceKey, salt: salt, counter: counter, root: root };
  }
  return refuse("forged");
}

function sealCommand(plain, deviceKey) {
  // A device looks at no more than 2048 bytes of ciphertext and tag.
  if (plain.length > 2040) {
    lastFault = "the command has " + plain.length + " bytes, at most 2040 can be sealed";
    return [];
  }
  var time = bytesOfNumber(new Date().getTime(), 6);
  var first = keysOf(0, deviceKey);
  var nonceKey = padsOf(hmac(first.pads, ascii("enos-seal/1 nonce\u0001")));
  var nonce = bytesOf(hmac(nonceKey, time.concat(plain))).slice(0, 13);
  var external = ascii("down " + PRODUCT_KEY + "/" + deviceKey + "/").concat(time);
  var data = dataOf(external);
  var out = [ROOTS.length === 1 ? 14 : 15].concat(time, nonce);
  for (var root = 0; root < ROOTS.length; root++) {
    var keys = root === 0 ? first : keysOf(root, deviceKey);
    var schedule = scheduleOf(hmac(keys.pads, ascii("enos-seal/1 down\u0001")));
    out = out.concat(ccmSeal(schedule, nonce, data, plain));
    remember(keys);
  }
  return out;
}

// The id tells whether the report was to be answered with a proof.
function writeAnswer(json, message) {
  var form = /^([0-9]{1,10})\.([01])\.([0-9a-f]{16})\.([0-9]{1,5})\.([!-.0-~]{1,255})$/;
  var id = typeof message.id === "string" ? form.exec(message.id) : null;
  if (id === null) return plainToRaw(json, message);
  var out = plainToRaw(json, { id: id[1], code: message.code });
  if (out.length === 0) return out;
  if (Number(id[2]) >= ROOTS.length) return refuse("no roots");
  var keys = keysOf(Number(id[2]), id[5]);
  remember(keys);
  var counter = Number(id[4]);
  var external = ascii("proof " + PRODUCT_KEY + "/" + id[5] + "/");
  external = external.concat(bytesOfHex(id[3]), counter >> 8, counter & 255);
  // MAC_structure of RFC 9052 section 6.3: "MAC0", a1 01 04 (algorithm 4), what is external, the payload.
  var structure = [132, 100].concat(ascii("MAC0"), 67, 161, 1, 4, byteString(external), byteString(out));
  var proofKey = padsOf(hmac(keys.pads, ascii("enos-seal/1 proof\u0001")));
  return out.concat(bytesOf(hmac(proofKey, structure)).slice(0, 8));
}

// ---- names ----

// Printable ASCII without a slash, as EnOS's keys are.
function isName(text) {
  return /^[!-.0-~]{1,255}$/.test(text);
}

function textOfName(bytes, at, end) {
  var text = "";
  for (; at < end; at++) text += String.fromCharCode(bytes[at]);
  // A device has one name: an IMEI never comes as text.
  var isImei = /^[0-9]{15}$/.test(text) && checkDigit(text) === text.charAt(14);
  return isName(text) && !isImei ? text : refuse("name");
}

function imeiOf(bytes) {
  var number = 0;
  for (var i = 1; i < 7; i++) number = number * 256 + bytes[i];
  if (number > 99999999999999) refuse("name");
  var digits = ("0000000000000" + number).slice(-14);
  return digits + checkDigit(digits);
}

// Luhn's digit for 14 digits.
function checkDigit(digits) {
  var sum = 0;
  for (var i = 0; i < 14; i++) {
    var digit = Number(digits.charAt(i)) * (i % 2 === 0 ? 1 : 2);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return String((10 - (sum % 10)) % 10);
}

// ---- keys ----

// The device keys that were used last, which saves the work of deriving them. A script that is started anew for each
// message gives the same.
var remembered = {};
var rememberedOrder = [];
var mostRemembered = 64;

function keysOf(root, deviceKey) {
  var name = root + "/" + deviceKey;
  if (has(remembered, name)) return remembered[name];
  var path = PRODUCT_KEY + "/" + deviceKey;
  return {
    name: name,
    pads: padsOf(hmac(rootPads[root], ascii("enos-seal/1 device " + path + "\u0001"))),
    upData: dataOf(ascii("up " + path)),
    // Of the last salt.
    up: null,
    mark: ""
  };
}

function markOf(keys) {
  if (keys.mark === "") keys.mark = hexOf(bytesOf(hmac(keys.pads, ascii("enos-seal/1 mark\u0001"))), 0, 8);
  return keys.mark;
}

function upOf(keys, salt) {
  var words = hmac(keys.pads, ascii("enos-seal/1 up ").concat(bytesOfHex(salt), 1));
  return { salt: salt, schedule: scheduleOf(words), nonce: bytesOf(words).slice(16, 29) };
}

function remember(keys) {
  if (has(remembered, keys.name)) return;
  remembered[keys.name] = keys;
  if (rememberedOrder.push(keys.name) > mostRemembered) delete remembered[rememberedOrder.shift()];
}

// ---- CCM, RFC 3610 and NIST SP 800-38C, with 13 bytes of nonce and 8 of tag ----

// What is authenticated beside the message: Enc_structure of RFC 9052 section 5.3, that is "Encrypt0", a1 01 0a
// (algorithm 10) and what is external; behind its length, as words of whole blocks.
function dataOf(external) {
  var structure = [131, 104].concat(ascii("Encrypt0"), 67, 161, 1, 10, byteString(external));
  return wordsOf([structure.length >> 8, structure.length & 255].concat(structure));
}

// The bytes, or null when the tag is not theirs.
function ccmOpen(schedule, nonce, data, bytes, at) {
  var end = bytes.length - 8;
  var words = counterMode(schedule, nonce, bytes.slice(at, end));
  var tag = tagOf(schedule, nonce, data, words, end - at);
  var difference = (tag[0] ^ int32At(bytes, end)) | (tag[1] ^ int32At(bytes, end + 4));
  return difference === 0 ? bytesOf(words).slice(0, end - at) : null;
}

function ccmSeal(schedule, nonce, data, plain) {
  var sealed = bytesOf(counterMode(schedule, nonce, plain)).slice(0, plain.length);
  return sealed.concat(bytesOf(tagOf(schedule, nonce, data, wordsOf(plain), plain.length)));
}

// What is encrypted, or decrypted, as words with zeros behind its end: the message XOR the encrypted blocks
// 1 | nonce | 0001, 1 | nonce | 0002 and so on.
function counterMode(schedule, nonce, bytes) {
  var words = wordsOf(bytes);
  var first = wordsOf([1].concat(nonce));
  var block = [0, 0, 0, 0];
  for (var at = 0; at < words.length; at += 4) {
    block[0] = first[0];
    block[1] = first[1];
    block[2] = first[2];
    block[3] = first[3] | ((at >> 2) + 1);
    encryptBlock(schedule, block);
    words[at] ^= block[0];
    words[at + 1] ^= block[1];
    words[at + 2] ^= block[2];
    words[at + 3] ^= block[3];
  }
  for (var i = bytes.length; i < 4 * words.length; i++) words[i >> 2] &= ~(255 << (24 - 8 * (i & 3)));
  return words;
}

// CBC-MAC over 59 | nonce | length u16, the data and the message, XOR the encrypted block 1 | nonce | 0000: two words.
function tagOf(schedule, nonce, data, words, length) {
  var all = wordsOf([89].concat(nonce, length >> 8, length & 255)).concat(data, words);
  var block = [0, 0, 0, 0];
  for (var at = 0; at < all.length; at += 4) {
    block[0] ^= all[at];
    block[1] ^= all[at + 1];
    block[2] ^= all[at + 2];
    block[3] ^= all[at + 3];
    encryptBlock(schedule, block);
  }
  var mask = wordsOf([1].concat(nonce));
  encryptBlock(schedule, mask);
  return [block[0] ^ mask[0], block[1] ^ mask[1]];
}

// ---- AES-128, FIPS 197: encryption alone, which is all that CCM needs ----

// The S-box, and what a byte of each row of the state adds to a column in a round: SubBytes, ShiftRows and MixColumns
// in one.
var SBOX = [];
var ROW0 = [];
var ROW1 = [];
var ROW2 = [];
var ROW3 = [];
(function () {
  for (var i = 0; i < 256; i++) SBOX[i] = 99;
  // p runs through all of the field but 0 by multiplying by 3, q with it by dividing.
  for (var p = 1, q = 1, more = true; more; more = p !== 1) {
    p ^= (p << 1) ^ (p & 128 ? 283 : 0);
    q ^= q << 1;
    q ^= q << 2;
    q = (q ^ (q << 4)) & 255;
    if (q & 128) q ^= 9;
    var turned = q ^ (q << 1) ^ (q << 2) ^ (q << 3) ^ (q << 4);
    SBOX[p] = ((turned ^ (turned >> 8)) & 255) ^ 99;
  }
  for (var byte = 0; byte < 256; byte++) {
    var s = SBOX[byte];
    var twice = (s << 1) ^ (s & 128 ? 283 : 0);
    var column = (twice << 24) | (s << 16) | (s << 8) | (twice ^ s);
    ROW0[byte] = column;
    ROW1[byte] = (column >>> 8) | (column << 24);
    ROW2[byte] = (column >>> 16) | (column << 16);
    ROW3[byte] = (column >>> 24) | (column << 8);
  }
})();

function substituted(a, b, c, d) {
  return (SBOX[a >>> 24] << 24) | (SBOX[(b >> 16) & 255] << 16) | (SBOX[(c >> 8) & 255] << 8) | SBOX[d & 255];
}

// The 44 words of the 11 round keys, of the first four words of a key.
function scheduleOf(key) {
  var schedule = key.slice(0, 4);
  for (var i = 4, constant = 1; i < 44; i++) {
    var word = schedule[i - 1];
    if (i % 4 === 0) {
      word = substituted(word << 8, word << 8, word << 8, word >>> 24);
      word ^= constant << 24;
      constant = (constant << 1) ^ (constant & 128 ? 283 : 0);
    }
    schedule[i] = schedule[i - 4] ^ word;
  }
  return schedule;
}

// In place, a block of four words.
function encryptBlock(k, block) {
  var t0 = ROW0;
  var t1 = ROW1;
  var t2 = ROW2;
  var t3 = ROW3;
  var a = block[0] ^ k[0];
  var b = block[1] ^ k[1];
  var c = block[2] ^ k[2];
  var d = block[3] ^ k[3];
  for (var i = 4; i < 40; i += 4) {
    var e = t0[a >>> 24] ^ t1[(b >> 16) & 255] ^ t2[(c >> 8) & 255] ^ t3[d & 255] ^ k[i];
    var f = t0[b >>> 24] ^ t1[(c >> 16) & 255] ^ t2[(d >> 8) & 255] ^ t3[a & 255] ^ k[i + 1];
    var g = t0[c >>> 24] ^ t1[(d >> 16) & 255] ^ t2[(a >> 8) & 255] ^ t3[b & 255] ^ k[i + 2];
    d = t0[d >>> 24] ^ t1[(a >> 16) & 255] ^ t2[(b >> 8) & 255] ^ t3[c & 255] ^ k[i + 3];
    a = e;
    b = f;
    c = g;
  }
  block[0] = substituted(a, b, c, d) ^ k[40];
  block[1] = substituted(b, c, d, a) ^ k[41];
  block[2] = substituted(c, d, a, b) ^ k[42];
  block[3] = substituted(d, a, b, c) ^ k[43];
}

// ---- SHA-256 (FIPS 180-4) and HMAC (RFC 2104) ----

// The first 32 bits of what the square roots of 8 primes, and the cube roots of 64, have behind the point.
var FIRST_STATE = [
  1779033703, -1150833019, 1013904242, -1521486534, 1359893119, -1694144372, 528734635, 1541459225
];
var ROUNDS = [
  1116352408, 1899447441, -1245643825, -373957723, 961987163, 1508970993, -1841331548, -1424204075,
  -670586216, 310598401, 607225278, 1426881987, 1925078388, -2132889090, -1680079193, -1046744716,
  -459576895, -272742522, 264347078, 604807628, 770255983, 1249150122, 1555081692, 1996064986, -1740746414,
  -1473132947, -1341970488, -1084653625, -958395405, -710438585, 113926993, 338241895, 666307205, 773529912,
  1294757372, 1396182291, 1695183700, 1986661051, -2117940946, -1838011259, -1564481375, -1474664885,
  -1035236496, -949202525, -778901479, -694614492, -200395387, 275423344, 430227734, 506948616, 659060556,
  883997877, 958139571, 1322822218, 1537002063, 1747873779, 1955562222, 2024104815, -2067236844, -1933114872,
  -1866530822, -1538233109, -1090935817, -965641998
];

// Takes 16 words, in the first 16 of w's 64, into the state's eight.
function compress(state, w) {
  var k = ROUNDS;
  var i;
  for (i = 16; i < 64; i++) {
    var x = w[i - 15];
    var y = w[i - 2];
    x = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    y = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = (w[i - 16] + w[i - 7] + x + y) | 0;
  }
  var a = state[0];
  var b = state[1];
  var c = state[2];
  var d = state[3];
  var e = state[4];
  var f = state[5];
  var g = state[6];
  var h = state[7];
  for (i = 0; i < 64; i++) {
    var up = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    var one = (h + up + (g ^ (e & (f ^ g))) + k[i] + w[i]) | 0;
    var down = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    one = (one + down + ((d & (a | b)) | (a & b))) | 0;
    c = b;
    b = a;
    a = one;
  }
  state[0] = (state[0] + a) | 0;
  state[1] = (state[1] + b) | 0;
  state[2] = (state[2] + c) | 0;
  state[3] = (state[3] + d) | 0;
  state[4] = (state[4] + e) | 0;
  state[5] = (state[5] + f) | 0;
  state[6] = (state[6] + g) | 0;
  state[7] = (state[7] + h) | 0;
}

// A key of eight words as it goes into an HMAC: the states behind its two pads.
function padsOf(key) {
  return { inner: padOf(key, 909522486), outer: padOf(key, 1549556828) };
}

function padOf(key, pad) {
  var words = [];
  for (var i = 0; i < 16; i++) words[i] = i < 8 ? key[i] ^ pad : pad;
  var state = FIRST_STATE.slice();
  compress(state, words);
  return state;
}

// Eight words. A key of HKDF-Expand is one of these: its info with the byte 1 behind it.
function hmac(pads, bytes) {
  // Behind a 1 bit, zeros up to the length of all in bits, which ends a block of 64 bytes.
  var padded = bytes.concat(128);
  while (padded.length % 64 !== 56) padded.push(0);
  var words = wordsOf(padded);
  words[words.length - 1] = (64 + bytes.length) * 8;
  var state = pads.inner.slice();
  for (var at = 0; at < words.length; at += 16) compress(state, words.slice(at, at + 16));
  var outer = pads.outer.slice();
  compress(outer, state.concat(-2147483648, 0, 0, 0, 0, 0, 0, 768));
  return outer;
}

// ---- bytes and words ----

// Words of 32 bits, big-endian, of whole blocks of four: zeros stand behind the end.
function wordsOf(bytes) {
  var words = [];
  var whole = bytes.length & -4;
  for (var at = 0; at < whole; at += 4) {
    words.push((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]);
  }
  // What is not there is 0 to a shift.
  if (at < bytes.length) words.push((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8));
  while (words.length & 3) words.push(0);
  return words;
}

function bytesOf(words) {
  var bytes = [];
  for (var i = 0; i < words.length; i++) {
    var word = words[i];
    bytes.push(word >>> 24, (word >> 16) & 255, (word >> 8) & 255, word & 255);
  }
  return bytes;
}

function bytesOfNumber(number, length) {
  var bytes = [];
  for (; length > 0; length--) {
    bytes.unshift(number % 256);
    number = Math.floor(number / 256);
  }
  return bytes;
}

function bytesOfHex(text) {
  var bytes = [];
  for (var i = 0; i < text.length; i += 2) bytes.push(parseInt(text.substr(i, 2), 16));
  return bytes;
}

function hexOf(bytes, at, end) {
  var text = "";
  for (; at < end; at++) text += (bytes[at] < 16 ? "0" : "") + bytes[at].toString(16);
  return text;
}

function ascii(text) {
  var bytes = [];
  for (var i = 0; i < text.length; i++) bytes.push(text.charCodeAt(i));
  return bytes;
}

// As CBOR, RFC 8949 section 3.1.
function byteString(bytes) {
  var length = bytes.length;
  if (length < 24) return [64 | length].concat(bytes);
  return (length < 256 ? [88, length] : [89, length >> 8, length & 255]).concat(bytes);
}

// The pads of the roots, which are made once.
var rootPads = [];
for (var rootNumber = 0; rootNumber < ROOTS.length; rootNumber++) {
  rootPads.push(padsOf(wordsOf(bytesOfHex(ROOTS[rootNumber]))));
}
