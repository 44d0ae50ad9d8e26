// --- A hint.

/** The export that was probably meant, as a setting. */
function nearest(exported) {
  const [file, wanted] = process.env._HANDLER.split(/\.(?=[^.\/]*$)/);
  const distance = (a, b) => {
    let row = [...b].map((_, i) => i + 1);
    [...a].forEach((letter, i) => {
      let left = i + 1, diagonal = i;
      row = row.map((above, j) => {
        const here = Math.min(above + 1, left + 1, diagonal + (letter === b[j] ? 0 : 1));
        diagonal = above;
        left = here;
        return here;
      });
    });
    return row.at(-1) ?? a.length;
  };
  const far = (name) => distance(name.toLowerCase(), (wanted ?? "").toLowerCase());
  const [best] = exported.filter((name) => name !== "default").sort((a, b) => far(a) - far(b));
  return best ? `; the handler may be meant to be ${file}.${best}` : "";
}

