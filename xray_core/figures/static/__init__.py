"""Still pictures of our Plotly figures, for print: white, 170 mm wide, drawn by Matplotlib."""

from xray_core.figures.static.draw import PRINT_DPI, draw_static

__all__ = ["PRINT_DPI", "draw_static"]
