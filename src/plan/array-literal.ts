/** The elements of a one-dimensional array literal as PostgreSQL prints it; null: more dimensions. */
export function readArrayLiteral(text: string): (string | null)[] | null {
  const elements: (string | null)[] = [];
  if (text === '{}') return elements;
  let at = 1;
  while (at < text.length) {
    if (text[at] === '{' || text[at] === '[') return null;
    if (text[at] === '"') {
      let value = '';
      for (at++; text[at] !== '"'; at++) {
        if (text[at] === '\\') at++;
        if (at >= text.length) return null;
        value += text[at];
      }
      elements.push(value);
      at++;
    } else {
      const end = text.slice(at).search(/[,}]/) + at;
      if (end < at) return null;
      const value = text.slice(at, end);
      elements.push(value === 'NULL' ? null : value);
      at = end;
    }
    at++; // the comma or the closing brace
  }
  return elements;
}
