"""The results of a benchmark as a page and a chart. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Final

Results = Mapping[tuple[int, int, str], Mapping[str, float]]
"""Delay of the server in ms, calls in flight and candidate, to the measurements."""

_INTRODUCTION: Final = """# Benchmarks

Measured with `make bench` on {machine}.

Each figure comes from its own process on one core, against a server on another core. Rounds are interleaved, and the
tables show medians. Compare the ratios: figures differ on another machine. `floor` sends prebuilt bytes over asyncio's
streams, without errors, timeouts, retries or a pool.

![Requests per second by calls in flight](benchmarks.svg)
"""


def build_page(results: Results, memory: Mapping[tuple[str, str], float], machine: str) -> str:
    """Return the page in Markdown."""
    parts = [_INTRODUCTION.format(machine=machine)]
    delays = sorted({delay for delay, _, _ in results})
    for delay in delays:
        what = "that responds at once" if not delay else f"that responds after {delay} ms"
        parts.append(f"## Requests per second, with a server {what}\n\n" + _rates(results, delay))
    for measure, title in (
        ("cpu_us", "CPU time per call, in microseconds"),
        ("p50_ms", "Median latency, in milliseconds"),
        ("p99_ms", "99th percentile of latency, in milliseconds"),
        ("peak_mib", "Peak memory, in MiB"),
    ):
        parts.append(f"## {title}, with a server that responds at once\n\n" + _plain(results, delays[0], measure))
    modes = {
        "at once": "all tasks at once",
        "queue": "tasks behind a semaphore of 200",
        "feed": "200 workers that share an iterator",
    }
    rows = [[name, *(_memory_cell(memory, mode, name) for mode in modes)] for name in _memory_names(memory)]
    head = ["", *modes.values()]
    parts.append("## Peak memory of 100,000 sends, in MiB\n\n" + _table(head, rows))
    return "\n".join(parts)


def _memory_cell(memory: Mapping[tuple[str, str], float], mode: str, name: str) -> str:
    return f"{memory[mode, name]:.0f}" if (mode, name) in memory else "—"


def _memory_names(memory: Mapping[tuple[str, str], float]) -> list[str]:
    return list(dict.fromkeys(name for _, name in memory))


def _names(results: Results) -> list[str]:
    return list(dict.fromkeys(name for _, _, name in results))


def _in_flight(results: Results) -> list[int]:
    return sorted({in_flight for _, in_flight, _ in results})


def _rates(results: Results, delay: int) -> str:
    rows: list[list[str]] = []
    for name in _names(results):
        cells = [name]
        for in_flight in _in_flight(results):
            one, reference = results.get((delay, in_flight, name)), results.get((delay, in_flight, "httpx"))
            if one is None:
                cells.append("—")
                continue
            ratio = f" ({one['per_second'] / reference['per_second']:.2f})" if reference is not None else ""
            cells.append(f"{one['per_second']:,.0f}{ratio}")
        rows.append(cells)
    return "In brackets: the ratio to plain httpx.\n\n" + _table(_head(results), rows)


def _plain(results: Results, delay: int, measure: str) -> str:
    rows: list[list[str]] = []
    for name in _names(results):
        cells = [results.get((delay, in_flight, name)) for in_flight in _in_flight(results)]
        rows.append([name, *("—" if one is None else f"{one[measure]:,.2f}" for one in cells)])
    return _table(_head(results), rows)


def _head(results: Results) -> list[str]:
    return ["", *(f"{in_flight} in flight" for in_flight in _in_flight(results))]


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


_BAR, _GAP, _LEFT, _WIDTH = 14, 26, 150, 720
_ROOM = 60
"""For the figure after the longest bar."""

# The colors follow the reader's light or dark setting.
_STYLE: Final = """<style>
text { font: 11px sans-serif; fill: #1f2328 } .head { font-size: 13px; font-weight: bold }
rect { fill: #8c959f } .ours { fill: #1f6feb } .ground { fill: #ffffff }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } rect { fill: #6e7681 } .ours { fill: #4493f8 } .ground { fill: #0d1117 }
}
</style>
<rect class="ground" width="100%" height="100%"/>"""


def build_chart(results: Results) -> str:
    """Return an SVG with bars of requests per second: a group for each server and number in flight."""
    lines: list[str] = []
    y = 24
    for delay in sorted({delay for delay, _, _ in results}):
        most = max(one["per_second"] for key, one in results.items() if key[0] == delay)
        for in_flight in _in_flight(results):
            delay_text = f"after {delay} ms" if delay else "at once"
            lines.append(f'<text class="head" x="10" y="{y}">{in_flight} in flight, response {delay_text}</text>')
            group = [
                (name, results[delay, in_flight, name])
                for name in _names(results)
                if (delay, in_flight, name) in results
            ]
            lines += [_bar(name, one["per_second"], most, y + 8 + row * _BAR) for row, (name, one) in enumerate(group)]
            y += 8 + len(group) * _BAR + _GAP
    title = "<title>Requests per second</title>"
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y - 10}" role="img">'
    return "\n".join([opening, title, _STYLE, *lines, "</svg>", ""])


def _bar(name: str, value: float, most: float, y: int) -> str:
    width = max(1.0, value / most * (_WIDTH - _LEFT - _ROOM))
    ours = ' class="ours"' if name.startswith("connectly-api") else ""
    return (
        f'<text x="{_LEFT - 8}" y="{y + 10}" text-anchor="end">{escape(name)}</text>'
        f'<rect{ours} x="{_LEFT}" y="{y}" width="{width:.1f}" height="{_BAR - 3}"/>'
        f'<text x="{_LEFT + width + 5:.1f}" y="{y + 10}">{value:,.0f}</text>'
    )
