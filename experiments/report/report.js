"use strict";
window.addEventListener("error", (event) => {
  const note = document.createElement("p");
  note.className = "note script-error";
  note.setAttribute("role", "alert");
  note.textContent = "This page's script failed: " + event.message;
  document.body.prepend(note);
});
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const plot = data.plot;
  const labels = data.columns.length;
  const first = 1 + labels + (data.counting ? 2 : 1);
  const rows = data.rows.map((row, index) => {
    const number = (i) => (row.c[i] === "" ? NaN : row.c[i] === "inf" ? Infinity : Number(row.c[i]));
    return { ...row, index, id: row.c[0], shots: number(1 + labels), errors: data.counting ? number(2 + labels) : NaN, value: number(first), low: number(first + 1), high: number(first + 2) };
  });
  const state = { logX: plot.logX, logValue: plot.logValue, hidden: new Set() };

  function make(tag, attributes = {}, ...children) {
    const svg = ["svg", "g", "path", "line", "rect", "text", "circle"].includes(tag);
    const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }
  const grouped = (n) => (Number.isNaN(n) ? "" : n.toLocaleString("en-US"));
  const colour = (i) => `var(--c${i % 7})`;
  const dash = (i) => ["", "7 4", "2 3", "7 3 2 3"][Math.floor(i / 7) % 4];

  // ---- markers: one shape a curve, 4.4 px around the point
  const SHAPES = ["M-4.2 0a4.2 4.2 0 1 0 8.4 0a4.2 4.2 0 1 0-8.4 0Z", "M-3.8-3.8H3.8V3.8H-3.8Z", "M0-5L4.7 3.8H-4.7Z", "M0-5.2L5 0L0 5.2L-5 0Z",
    "M0 5L4.7-3.8H-4.7Z", "M-1.7-4.8H1.7V-1.7H4.8V1.7H1.7V4.8H-1.7V1.7H-4.8V-1.7H-1.7Z", "M-4.6-4.6L0-2L4.6-4.6L2 0L4.6 4.6L0 2L-4.6 4.6L-2 0Z"];
  const shape = (i) => SHAPES[i % SHAPES.length];

  // ---- axes
  function linearTicks(low, high) {
    const raw = (high - low) / 5, size = 10 ** Math.floor(Math.log10(raw));
    const step = size * [1, 2, 2.5, 5, 10].find((f) => size * f >= raw * 0.999), ticks = [];
    for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) ticks.push(Number((k * step).toPrecision(12)));
    return ticks;
  }
  function logTicks(low, high) {
    const a = Math.floor(Math.log10(low)), b = Math.ceil(Math.log10(high)), decades = Math.log10(high / low);
    if (decades < 1 / 3) return linearTicks(low, high);
    const step = decades > 2 ? Math.max(1, Math.ceil((b - a) / 8)) : 1, ticks = [];
    const factors = decades < 1 ? [1, 2, 3, 4, 6, 8] : decades <= 2 ? [1, 2, 5] : [1];
    for (let k = a; k <= b; k += step) for (const f of factors) ticks.push(Number((f * 10 ** k).toPrecision(12)));
    return ticks.filter((t) => t >= low * (1 - 1e-9) && t <= high * (1 + 1e-9));
  }
  function tickTexts(ticks) {
    const sizes = ticks.filter((t) => t !== 0).map(Math.abs);
    const powers = sizes.length && (Math.min(...sizes) < 9e-4 || Math.max(...sizes) >= 1e5);
    return ticks.map((t) => {
      if (!powers || t === 0) return String(Number(t.toPrecision(6)));
      const [mantissa, exponent] = t.toExponential(5).split("e");
      const power = "10" + String(Number(exponent)).replace(/./g, (c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]);
      return Number(mantissa) === 1 ? power : `${Number(mantissa)}×${power}`;
    });
  }
  function scale(low, high, log, from, to) {
    const f = log ? Math.log : (v) => v, a = f(low), b = f(high);
    const place = (v) => (log && v <= 0 ? from : from + ((f(v) - a) / (b - a)) * (to - from));
    return Object.assign(place, { low, high, ticks: log ? logTicks(low, high) : linearTicks(low, high) });
  }
  function padded(values, log) {
    let low = Math.min(...values), high = Math.max(...values);
    if (!(low <= high)) return log ? [0.1, 1] : [0, 1];
    if (log) { const f = Math.max((high / low) ** 0.06, 1.12); return [low / f, high * f]; }
    const margin = (high - low) * 0.06 || Math.abs(high) * 0.1 || 1;
    return [low - margin, high + margin];
  }
  const limit = (row) => (row.errors === 0 || (state.logValue && row.value <= 0)) && row.high > row.value;
  function valueRange() {
    const ends = [];
    for (const panel of plot.panels) for (const curve of panel.curves) if (!state.hidden.has(curve.i)) for (const r of curve.rows) {
      const row = rows[r], log = state.logValue;
      if (limit(row)) ends.push(row.high, log ? row.high / 2.5 : row.value);
      else ends.push(row.value, row.high, row.low > 0 || !log ? row.low : row.value / 3);
    }
    return padded(ends.filter((v) => Number.isFinite(v) && (!state.logValue || v > 0)), state.logValue);
  }
  function xRange() {
    if (plot.categories.length) return [-0.6, plot.categories.length - 0.4];
    return padded(plot.panels.flatMap((p) => p.curves.flatMap((c) => c.x)), state.logX);
  }

  // ---- one panel
  function draw(figure, panel) {
    const many = plot.panels.length > 1, dots = plot.dots;
    const W = Math.max(300, Math.min(figure.clientWidth || 720, 1000));
    const longest = dots ? Math.min(W * 0.4, 7.2 * Math.max(...plot.categories.map((c) => c.length)) + 14) : 62;
    const left = longest + (dots ? 4 : 18), right = W - 14, top = 12;
    const H = dots ? 66 + 26 * plot.categories.length : Math.round(Math.max(300, Math.min(W * (many ? 0.72 : 0.58), 520)));
    const bottom = H - 48;
    const [xa, xb] = xRange(), [va, vb] = valueRange();
    const along = dots ? scale(xa, xb, false, top, bottom) : scale(xa, xb, state.logX, left, right);
    const value = dots ? scale(va, vb, state.logValue, left, right) : scale(va, vb, state.logValue, bottom, top);
    const at = (x, v) => (dots ? [value(v), along(x)] : [along(x), value(v)]);
    const svg = make("svg", { viewBox: `0 0 ${W} ${H}`, tabindex: 0, role: "group", "aria-roledescription": "plot",
      "aria-label": `${plot.valueLabel}${plot.xLabel ? " against " + plot.xLabel : ""}${panel.title ? ", " + panel.title : ""}: arrow keys read the points` });

    const grid = make("g", { class: "grid" }), texts = make("g");
    const horizontal = dots ? value : along, vertical = dots ? along : value;
    const names = (axis) => (plot.categories.length && axis === along ? plot.categories : tickTexts(axis.ticks));
    if (plot.categories.length) along.ticks = plot.categories.map((_, i) => i);
    const shorten = (t, room) => (t.length * 6.6 > room ? t.slice(0, Math.max(1, Math.floor(room / 6.6) - 1)) + "…" : t);
    horizontal.ticks.forEach((t, i) => {
      const x = horizontal(t);
      grid.append(make("line", { x1: x, x2: x, y1: top, y2: bottom }));
      const room = plot.categories.length && !dots ? (right - left) / plot.categories.length : 1e9;
      texts.append(make("text", { class: "tick", x, y: bottom + 18, "text-anchor": "middle" }, shorten(names(horizontal)[i], room)));
    });
    vertical.ticks.forEach((t, i) => {
      const y = vertical(t);
      grid.append(make("line", { x1: left, x2: right, y1: y, y2: y }));
      texts.append(make("text", { class: "tick", x: left - 8, y: y + 4, "text-anchor": "end" }, shorten(names(vertical)[i], dots ? longest : 1e9)));
    });
    const [below, beside] = dots ? [plot.valueLabel, ""] : [plot.xLabel, plot.valueLabel];
    texts.append(make("text", { x: (left + right) / 2, y: H - 8, "text-anchor": "middle" }, below));
    texts.append(make("text", { "text-anchor": "middle", transform: `translate(14 ${(top + bottom) / 2}) rotate(-90)` }, beside));
    svg.append(grid);

    const t = panel.threshold;
    if (t) {
      const clip = (v) => Math.max(left, Math.min(right, along(v)));
      const a = t.low === null ? left : clip(t.low), b = t.high === null ? right : clip(t.high);
      svg.append(make("rect", { class: "band", x: a, width: Math.max(0, b - a), y: top, height: bottom - top }),
        make("line", { class: "pc", x1: along(t.p), x2: along(t.p), y1: top, y2: bottom }));
    }
    svg.append(make("path", { class: "axis", d: `M${left} ${top}V${bottom}H${right}` }), texts);

    const points = [];
    for (const curve of panel.curves) {
      if (state.hidden.has(curve.i)) continue;
      const ink = { stroke: colour(curve.i), "stroke-dasharray": dash(curve.i) };
      const line = (pairs) => "M" + pairs.map(([x, v]) => at(x, v).map((u) => u.toFixed(1)).join(" ")).join("L");
      const measured = curve.rows.map((r, k) => [curve.x[k], rows[r].value, r]).filter((p) => !limit(rows[p[2]]));
      const [from, to] = curve.fit.length ? [curve.fit[0][0], curve.fit.at(-1)[0]] : [Infinity, -Infinity];
      measured.slice(1).forEach((right, k) => {
        const left = measured[k], outside = left[0] < from * (1 - 1e-5) || right[0] > to * (1 + 1e-5);
        if (!plot.categories.length && outside) svg.append(make("path", { class: "join", d: line([left, right]), ...ink }));
      });
      const fit = curve.fit.filter(([, y]) => y >= va && y <= vb);
      if (fit.length > 1) svg.append(make("path", { class: "fitted", d: line(fit), ...ink }));
      curve.rows.forEach((r, k) => {
        const row = rows[r], upper = limit(row), [x, y] = at(curve.x[k], upper ? row.high : row.value);
        const group = make("g", { class: "pt", stroke: colour(curve.i), fill: "none" });
        const across = ([u, v]) => (dots ? `M${u} ${v - 4}v8` : `M${u - 4} ${v}h8`);
        if (upper) {
          const arrow = dots ? `M${x} ${y}h-20m6-3.5l-6 3.5l6 3.5` : `M${x} ${y}v20m-3.5-6l3.5 6l3.5-6`;
          group.append(make("path", { d: arrow + across([x, y]) }));
        } else {
          const lowEnd = at(curve.x[k], state.logValue && row.low <= 0 ? va : row.low), highEnd = at(curve.x[k], row.high);
          if (lowEnd.concat(highEnd).every(Number.isFinite)) group.append(make("path", { d: `M${lowEnd.join(" ")}L${highEnd.join(" ")}` + across(lowEnd) + across(highEnd) }));
          const open = row.s === "running" || row.s === "waiting";
          group.append(make("path", { d: shape(curve.i), transform: `translate(${x} ${y})`, fill: open ? "var(--paper)" : colour(curve.i) }));
        }
        svg.append(group);
        points.push({ x, y, row, group });
      });
    }
    figure.querySelector("svg")?.remove();
    figure.insertBefore(svg, figure.querySelector(".tip"));
    listen(figure, svg, points, W);
  }

  function listen(figure, svg, points, W) {
    const tip = figure.querySelector(".tip");
    let current = -1;
    points.sort((a, b) => a.x - b.x || a.y - b.y);
    function show(i) {
      if (i === current) return;
      if (current >= 0) { points[current].group.classList.remove("on"); points[current].row.element?.classList.remove("on"); }
      current = i;
      tip.replaceChildren();
      if (i < 0) return;
      const { x, y, row, group } = points[i], zoom = svg.clientWidth / W || 1;
      group.classList.add("on");
      row.element?.classList.add("on");
      tip.append(make("b", {}, data.columns.map((c, k) => `${c} = ${row.t[k]}`).join(", ") || row.id.slice(0, 12)), row.e, make("br"),
        data.counting ? `${grouped(row.errors)} errors in ${grouped(row.shots)} shots` : `n = ${grouped(row.shots)}`);
      if (row.s !== "complete") tip.append(make("br"), row.s);
      const width = tip.offsetWidth, over = y * zoom - tip.offsetHeight - 12;
      tip.style.left = Math.max(0, Math.min(x * zoom - width / 2, figure.clientWidth - width)) + "px";
      tip.style.top = svg.offsetTop + (over > 0 ? over : y * zoom + 14) + "px";
    }
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect(), zoom = W / box.width;
      const x = (event.clientX - box.left) * zoom, y = (event.clientY - box.top) * zoom;
      let best = -1, least = 34 ** 2;
      points.forEach((p, i) => { const far = (p.x - x) ** 2 + (p.y - y) ** 2; if (far < least) { least = far; best = i; } });
      show(best);
    });
    svg.addEventListener("pointerleave", () => show(-1));
    svg.addEventListener("blur", () => show(-1));
    svg.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape") show(-1);
      if (!step || !points.length) return;
      event.preventDefault();
      show(current < 0 ? (step > 0 ? 0 : points.length - 1) : (current + step + points.length) % points.length);
    });
  }

  // ---- curves and scales
  const host = document.getElementById("panels");
  const figures = plot.panels.map((panel) => {
    const figure = make("figure", {}, ...(panel.title ? [make("h3", {}, panel.title, ...(panel.threshold ? [make("small", {}, " " + panel.threshold.text)] : []))] : []), make("div", { class: "tip", "aria-live": "polite" }));
    host.append(figure);
    return figure;
  });
  host.classList.toggle("many", figures.length > 1);
  const redraw = () => figures.forEach((figure, i) => draw(figure, plot.panels[i]));
  function sample(i, threshold) {
    const svg = make("svg", { viewBox: "0 0 34 18", "aria-hidden": "true" });
    svg.append(make("line", { x1: 1, x2: 33, y1: 9, y2: 9, stroke: threshold ? "var(--threshold)" : colour(i), "stroke-width": 1.8, "stroke-dasharray": threshold ? "5 3" : dash(i) }));
    if (!threshold) svg.append(make("path", { d: shape(i), transform: "translate(17 9)", fill: colour(i) }));
    return svg;
  }
  function toggleButton(text, pressed, act, ...children) {
    const button = make("button", { type: "button", "aria-pressed": pressed }, ...children, text);
    button.addEventListener("click", () => { const now = button.getAttribute("aria-pressed") !== "true"; button.setAttribute("aria-pressed", now); act(now); redraw(); });
    return button;
  }
  const bar = document.getElementById("plot-bar");
  if (plot.curveColumn) {
    bar.append(make("span", { class: "name" }, plot.curveColumn));
    plot.curveLabels.forEach((label, i) => {
      const key = toggleButton(label, true, (now) => (now ? state.hidden.delete(i) : state.hidden.add(i)), sample(i));
      key.className = "key";
      bar.append(key);
    });
  }
  const thresholds = plot.panels.filter((p) => p.threshold);
  if (thresholds.length) bar.append(make("span", { class: "still" }, sample(0, true), plot.panels.length > 1 ? "threshold" : thresholds[0].threshold.text));
  bar.append(make("span", { class: "gap" }));
  const xs = plot.panels.flatMap((p) => p.curves.flatMap((c) => c.x));
  const scales = [["logX", "log x", !plot.categories.length && xs.every((x) => x > 0)], ["logValue", plot.dots ? "log axis" : "log y", rows.some((r) => r.high > 0) && rows.every((r) => !(r.value < 0))]];
  for (const [name, text, possible] of scales) if (possible) {
    const button = toggleButton(text, state[name], (now) => { state[name] = now; });
    button.className = "toggle";
    bar.append(button);
  }
  const hints = ["Bars are the intervals. Point at a mark, or focus a plot and use the arrow keys, to read its numbers."];
  if (rows.some((r) => limit(r))) hints.push("An arrow starts at the upper limit of a task without errors.");
  if (rows.some((r) => (r.s === "running" || r.s === "waiting") && r.shots > 0)) hints.push("Hollow marks are still running.");
  document.getElementById("plot-hint").textContent = hints.join(" ");
  redraw();
  let width = host.clientWidth;
  new ResizeObserver(() => { if (Math.abs(host.clientWidth - width) > 2) { width = host.clientWidth; redraw(); } }).observe(host);

  // ---- table
  const numeric = (k) => rows.every((r) => r.c[1 + k] !== "" && Number.isFinite(Number(r.c[1 + k])));
  const fraction = (r) => ["failed", "waiting", "running", "complete"].indexOf(r.s) + (r.f ?? 0) / 2;
  const columns = data.columns.map((name, k) => ({ name, number: numeric(k), key: numeric(k) ? (r) => Number(r.c[1 + k]) : (r) => r.t[k], cell: (r) => r.t[k] }));
  if (data.counting) columns.push({ name: "shots", number: true, key: (r) => r.shots, cell: (r) => grouped(r.shots) }, { name: "errors", number: true, key: (r) => r.errors, cell: (r) => grouped(r.errors) });
  else columns.push({ name: "n", number: true, key: (r) => r.shots, cell: (r) => grouped(r.shots) });
  columns.push({ name: "estimate", key: (r) => r.value, cell: estimateCell }, { name: "state", key: fraction, cell: stateCell }, { name: "task", key: (r) => r.id, cell: (r) => make("code", { title: r.id }, r.id.slice(0, 10)) });
  function estimateCell(row) {
    const [value, interval] = row.e.split(/ (?=\[)/);
    return interval ? [value + " ", make("small", {}, interval)] : [value];
  }
  function stateCell(row) {
    const meter = make("span", { class: "meter", "aria-hidden": "true" }, make("i", { style: `width:${100 * (row.f ?? 0)}%;background:var(--${["complete", "running", "failed"].includes(row.s) ? row.s : "waiting"})` }));
    return [...(row.f === null ? [] : [meter]), row.s + " ", ...(row.r ? [make("small", {}, row.r)] : [])];
  }
  const head = document.getElementById("head"), body = document.getElementById("rows");
  for (const row of rows) {
    row.element = make("tr", { id: "task-" + row.id });
    for (const c of columns) row.element.append(make("td", c.number ? { class: "number" } : c.name === "state" && row.s === "failed" ? { class: "why" } : {}, ...[].concat(c.cell(row))));
    row.text = [...row.t, ...row.c, row.s, row.r].join(" ").toLowerCase();
  }
  let order = { column: null, down: false };
  columns.forEach((c) => {
    const th = make("th", { scope: "col", "aria-sort": "none", ...(c.number ? { class: "number" } : {}) }, make("button", { type: "button" }, c.name));
    th.firstChild.addEventListener("click", () => {
      order = { column: c, down: order.column === c && !order.down };
      for (const other of head.children) other.setAttribute("aria-sort", other === th ? (order.down ? "descending" : "ascending") : "none");
      list();
    });
    head.append(th);
  });
  const filter = document.getElementById("filter");
  function matches(row, word) {
    const parts = word.match(/^([^<>=]+)(<=|>=|=|<|>)(.+)$/), c = parts && columns.find((d) => d.name.toLowerCase() === parts[1]);
    if (!c) return row.text.includes(word);
    const key = c.key(row), wanted = Number(parts[3]);
    if (typeof key !== "number" || Number.isNaN(wanted)) return parts[2] === "=" && String(c.cell(row)).toLowerCase() === parts[3];
    return { "<": key < wanted, ">": key > wanted, "<=": key <= wanted, ">=": key >= wanted, "=": key === wanted || String(c.cell(row)) === parts[3] }[parts[2]];
  }
  function list() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const shown = rows.filter((row) => words.every((word) => matches(row, word)));
    const compare = (a, b) => (order.down ? -1 : 1) * (typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true }));
    const unknownLast = (a, b) => (Number.isNaN(a) || Number.isNaN(b) ? Number.isNaN(a) - Number.isNaN(b) : compare(a, b));
    if (order.column) shown.sort((a, b) => unknownLast(order.column.key(a), order.column.key(b)));
    body.replaceChildren(...shown.map((row) => row.element));
    document.getElementById("shown").textContent = shown.length === rows.length ? `${rows.length} tasks` : `${shown.length} of ${rows.length} tasks`;
  }
  filter.addEventListener("input", list);
  list();

  const quoted = (cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  const csv = [data.headers, ...rows.map((r) => [data.study, ...r.c])].map((line) => line.map(quoted).join(",") + "\n").join("");
  document.getElementById("download").href = "data:text/csv;charset=utf-8," + encodeURIComponent(csv);
  document.documentElement.dataset.drawn = String(figures.length);
})();
