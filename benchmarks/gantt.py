"""A picture of a run: one bar per step, the critical path in another colour."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from html import escape

from tests.rehearsal.progress import Step

_ROW, _LEFT, _WIDTH = 16, 190, 900


def draw(steps: Sequence[Step], critical: AbstractSet[str]) -> str:
    """An SVG; time goes to the right, in seconds."""
    rows = sorted(steps, key=lambda step: (step.begin, step.name))
    whole = max(step.end or step.begin for step in rows)
    scale = (_WIDTH - _LEFT - 60) / whole
    height = _ROW * len(rows) + 40
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}"',
        ' font-family="sans-serif" font-size="11">',
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
    ]
    for second in range(0, int(whole) + 1, 5):
        x = _LEFT + second * scale
        lines.append(f'<line x1="{x:.0f}" y1="20" x2="{x:.0f}" y2="{height - 12}" stroke="#ddd"/>')
        lines.append(f'<text x="{x:.0f}" y="14" text-anchor="middle" fill="#666">{second} s</text>')
    for index, step in enumerate(rows):
        y = 24 + index * _ROW
        long = (step.end or step.begin) - step.begin
        colour = "#c0562f" if step.name in critical else "#5b8fb9"
        x = _LEFT + step.begin * scale
        lines.append(f'<text x="{_LEFT - 8}" y="{y + 10}" text-anchor="end">{escape(step.name)}</text>')
        lines.append(f'<rect x="{x:.1f}" y="{y}" width="{max(2, long * scale):.1f}" height="12" fill="{colour}"/>')
        lines.append(f'<text x="{x + max(2, long * scale) + 4:.1f}" y="{y + 10}" fill="#666">{long:.1f}</text>')
    return "\n".join([*lines, "</svg>", ""])
