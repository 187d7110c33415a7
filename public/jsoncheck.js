// Finds where a text stops being JSON, and what is wrong there. JSON.parse reports that too, but each browser in its
// own words, and some without the position. Pure. Runs only if JSON.parse has failed.

const space = /[ \t\n\r]*/y;
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)/y;

/** null if the text is JSON, else { at, line, column, message }. Line and column count from 1. */
export function findSyntaxError(text) {
  try {
    JSON.parse(text);
    return null;
  } catch {
    const { at, message } = firstError(text);
    const before = text.slice(0, at);
    return { at, line: before.split("\n").length, column: at - before.lastIndexOf("\n"), message };
  }
}

function firstError(text) {
  const open = [];
  let at = 0;
  let wanted = "value";
  const take = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at = pattern.lastIndex;
    return found !== null;
  };
  const mark = (character) => text[at] === character && (at += 1) > 0;
  const afterValue = () => (open.length ? "next" : "nothing");
  for (;;) {
    take(space);
    if (wanted === "nothing") return { at, message: "unexpected text after the value" };
    if (at === text.length && !open.length) return { at, message: "a value is missing" };
    if (at === text.length) return { at, message: `unexpected end, ${closer(open)} is missing` };
    if (wanted === "colon") {
      if (!mark(":")) return { at, message: "expected a colon" };
      wanted = "value";
    } else if (wanted === "next") {
      if (mark(",")) wanted = open.at(-1) === "{" ? "key" : "value";
      else if (mark(closer(open))) wanted = (open.pop(), afterValue());
      else return { at, message: `expected a comma or ${closer(open)}` };
    } else if (wanted.startsWith("key")) {
      if (wanted === "key or end" && mark("}")) wanted = (open.pop(), afterValue());
      else if (take(string)) wanted = "colon";
      else if (text[at] === "}") return { at, message: "trailing comma" };
      else return { at, message: "expected a name in double quotes" };
    } else if (wanted === "value or end" && mark("]")) {
      wanted = (open.pop(), afterValue());
    } else if (mark("{")) {
      open.push("{");
      wanted = "key or end";
    } else if (mark("[")) {
      open.push("[");
      wanted = "value or end";
    } else if (take(string) || take(scalar)) {
      wanted = afterValue();
    } else {
      return { at, message: describeError(text, at) };
    }
  }
}

function closer(open) {
  return open.at(-1) === "{" ? "}" : "]";
}

function describeError(text, at) {
  const character = text[at];
  if (character === '"') return "the string is not closed, or has a character that must be escaped";
  if (character === "'") return "strings need double quotes";
  if (/[\]}]/.test(character)) return "a value is missing";
  return /[\w.+-]/.test(character) ? "expected a number, true, false or null" : "expected a value";
}
