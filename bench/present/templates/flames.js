"use strict";
// Python drew the flame graphs of the page at a fixed width. This script lays the frames out for the actual width, so that
// text keeps its size, and lets the reader zoom and search.
(() => {
  const PAD = 4, THIN = 3, LEAST_LETTERS = 3;  // as in flame_svg.py
  const LONGEST = 80;
  const EDGE = 1e-3;  // edges are given to 1e-4: closer ones are the same
  const pen = document.createElement("canvas").getContext("2d");

  /** A label of at most `space` pixels: the whole text, the name without its file, that cut short, or the mark alone. */
  const fitted = (text, space, mark) => {
    const width = (part) => pen.measureText(part).width, room = space - width(mark);
    if (space < width(mark.trim())) { return ""; }
    const name = text.replace(/ \([^]+\)$/, "");
    const whole = [text, name].find((part) => width(part) <= room);
    if (whole !== undefined) { return mark + whole; }
    const letters = [...name];
    let fits = 0, over = letters.length;
    while (over - fits > 1) {
      const middle = (fits + over) >> 1;
      if (width(`${letters.slice(0, middle).join("")}…`) <= room) { fits = middle; } else { over = middle; }
    }
    return fits >= LEAST_LETTERS ? `${mark}${letters.slice(0, fits).join("")}…` : mark.trim();
  };

  /** The frames that Python drew, in its order (each before the frames it called), with their edges and rows. */
  const read = (svg) => {
    const frames = [...svg.querySelectorAll("g")].map((node) => {
      const rect = node.querySelector("rect"), left = Number(rect.getAttribute("x"));
      const [text, detail] = node.querySelector("title").textContent.split("\n");
      return {
        node, rect, text, detail, mark: node.dataset.mark ?? "", left, right: left + Number(rect.getAttribute("width")),
        y: Number(rect.getAttribute("y")), row: Number(rect.getAttribute("height")), label: node.querySelector("text"),
      };
    });
    const path = [];
    for (const frame of frames) {
      frame.depth = frame.y / frame.row;
      frame.parent = path[frame.depth - 1];
      path[frame.depth] = frame;
    }
    return frames;
  };

  const explored = (figure) => {
    const svg = figure.querySelector(".flame"), holder = svg.parentElement;
    const search = figure.querySelector("input"), button = figure.querySelector("button");
    const status = figure.querySelector("[role='status']"), now = figure.querySelector(".now");
    const frames = read(svg), root = frames[0], byNode = new Map(frames.map((frame) => [frame.node, frame]));
    const height = Number(svg.getAttribute("height"));
    const ring = document.createElementNS(svg.namespaceURI, "rect");
    let zoomed = root, current = root, words = [];

    const frameAt = (element) => byNode.get(element.closest("g"));
    const contains = (outer, inner) => outer.left <= inner.left + EDGE && outer.right >= inner.right - EDGE;
    const isAbove = (frame) => frame.depth < zoomed.depth && contains(frame, zoomed);
    const isShown = (frame) => isAbove(frame) || (frame.depth >= zoomed.depth && contains(zoomed, frame));
    const isHit = (frame) => words.length > 0 && words.every((word) => frame.text.toLowerCase().includes(word));
    const describe = ({ text, detail }) => {
      // Longer names stay in the tooltip: another line here would move the graph away under the pointer.
      now.textContent = `${text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text}: ${detail}`;
    };

    const place = (frame, width) => {
      const scale = width / (zoomed.right - zoomed.left);
      const left = Math.max(0, (frame.left - zoomed.left) * scale);
      frame.x = left;
      frame.width = Math.min(width, (frame.right - zoomed.left) * scale) - left;
      frame.rect.setAttribute("x", frame.x);
      frame.rect.setAttribute("width", frame.width);
      frame.node.classList.toggle("thin", frame.width < THIN);
      // A pixel is left because the canvas measures text slightly differently from the picture.
      const label = fitted(frame.text, frame.width - 2 * PAD - 1, frame.mark);
      if (label && !frame.label) {
        frame.label = document.createElementNS(svg.namespaceURI, "text");
        frame.label.setAttribute("y", frame.y + 14);
        frame.node.append(frame.label);
      }
      if (frame.label) {
        frame.label.setAttribute("x", frame.x + PAD);
        frame.label.removeAttribute("textLength");
        frame.label.textContent = label;
      }
    };

    const surround = () => {
      ring.toggleAttribute("hidden", !current.node.matches(":focus-visible"));
      const edge = { x: current.x + 0.5, y: current.y + 0.5, width: Math.max(0, current.width - 1), height: current.row - 1 };
      Object.entries(edge).forEach(([name, value]) => ring.setAttribute(name, value));
    };

    const layOut = () => {
      const width = holder.clientWidth;
      if (width === 0) { return; }  // not shown, for example within a closed <details>
      svg.setAttribute("width", width);
      svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
      const look = getComputedStyle(svg.querySelector("text"));
      pen.font = `${look.fontSize} ${look.fontFamily}`;
      frames.forEach((frame) => {
        const shown = isShown(frame), hit = isHit(frame);
        frame.node.style.display = shown ? "" : "none";
        frame.node.classList.toggle("hit", hit);
        frame.node.classList.toggle("faded", isAbove(frame) || (words.length > 0 && !hit));
        if (shown) { place(frame, width); }
      });
      surround();
    };

    /** Makes this the one frame that Tab leads to; from it, arrows lead to the others. */
    const choose = (frame) => {
      current.node.setAttribute("tabindex", "-1");
      current = frame;
      current.node.setAttribute("tabindex", "0");
    };
    const zoom = (frame) => {
      zoomed = frame;
      choose(frame);
      layOut();
      describe(frame);
    };
    const find = () => {
      words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0, width = 0, end = -1;
      frames.filter(isHit).forEach((frame) => {
        count += 1;
        if (frame.left < end - EDGE) { return; }  // within a frame that was counted
        width += frame.right - frame.left;
        end = frame.right;
      });
      const share = (100 * width / (root.right - root.left)).toFixed(1);
      status.textContent = words.length ? `${count === 1 ? "1 frame" : `${count} frames`}, ${share} % of the step` : "";
      layOut();
    };
    const reset = () => {
      search.value = "";
      zoom(root);
      find();
    };

    const neighbour = (frame, step) => {
      const row = frames.filter((other) => other.depth === frame.depth && isShown(other));
      return row[row.indexOf(frame) + step];
    };
    const widest = (choice) => choice.reduce((a, b) => b.right - b.left > a.right - a.left ? b : a, choice[0]);
    const ways = {
      ArrowUp: (frame) => frame.parent,
      ArrowDown: (frame) => isAbove(frame)
        ? frames.find((other) => other.parent === frame && isShown(other))
        : widest(frames.filter((other) => other.parent === frame)),
      ArrowLeft: (frame) => neighbour(frame, -1),
      ArrowRight: (frame) => neighbour(frame, 1),
      Home: () => root,
    };
    svg.addEventListener("keydown", (event) => {
      const frame = frameAt(event.target);
      if (event.key === "Enter" || event.key === " ") {
        zoom(frame);
      } else if (event.key in ways) {
        const next = ways[event.key](frame);
        if (next) {
          choose(next);
          next.node.focus();
        }
      } else {
        return;
      }
      event.preventDefault();
    });
    figure.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") { return; }
      const within = svg.contains(document.activeElement);
      reset();
      if (within) { root.node.focus(); }
    });
    svg.addEventListener("click", (event) => {
      const frame = frameAt(event.target);
      if (frame) { zoom(frame); }
    });
    svg.addEventListener("pointerover", (event) => {
      const frame = frameAt(event.target);
      if (frame) { describe(frame); }
    });
    svg.addEventListener("pointerleave", () => describe(current));
    // Not on the picture itself: Chromium lets Tab stop at an element of SVG that listens for the focus.
    holder.addEventListener("focusin", (event) => {
      describe(frameAt(event.target));
      surround();
    });
    holder.addEventListener("focusout", () => ring.setAttribute("hidden", ""));
    search.addEventListener("input", find);
    button.addEventListener("click", reset);

    figure.querySelectorAll(".needs-script").forEach((element) => { element.hidden = false; });
    holder.removeAttribute("tabindex");  // there is nothing to scroll, and a frame takes the focus instead
    holder.removeAttribute("role");
    holder.removeAttribute("aria-label");
    svg.setAttribute("role", "tree");
    frames.forEach((frame) => {
      frame.node.setAttribute("role", "treeitem");
      frame.node.setAttribute("aria-level", frame.depth + 1);
      frame.node.setAttribute("aria-label", `${frame.text}: ${frame.detail}`);
      frame.node.setAttribute("tabindex", frame === root ? "0" : "-1");
    });
    ring.setAttribute("class", "ring");
    ring.setAttribute("hidden", "");
    svg.append(ring);
    new ResizeObserver(layOut).observe(holder);
    layOut();
  };

  document.querySelectorAll(".flame-graph").forEach(explored);
})();
