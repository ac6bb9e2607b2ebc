# %% [markdown]
# # A map of the music
#
# Track vectors have a hundred numbers; a map has two. Here the two directions are taken along which the tracks differ
# most (their principal components). Tracks that sound alike lie near each other, as far as two directions can show
# it.

# %%
from pathlib import Path

import numpy as np
import plotly.graph_objects as go

from segue.demo.library import demo_manifest, make_demo
from segue.embed.encoder import Encoder, load_ear
from segue.embed.hearing import hear
from segue.embed.pooling import pool_for

make_demo(Path("data/demo"), styles=("ambient", "chiptune"))
songs = demo_manifest(Path("data/demo"))
ear = load_ear("speccy")
encoder = Encoder(ear)
heard = [hear(Path("data/demo", song.file), encoder) for song in songs]
tracks = pool_for(ear, {one.track_id: one.slice_vectors for one in heard})
matrix = np.stack([tracks[one.track_id] for one in heard])  # (n, 100)

# %% [markdown]
# ## Two directions

# %%
centred = matrix - matrix.mean(axis=0)
_, strengths, directions = np.linalg.svd(centred, full_matrices=False)
places = centred @ directions[:2].T  # (n, 2)
shares = strengths**2 / np.sum(strengths**2)
print(f"the two directions hold {100 * shares[:2].sum():.0f} % of what differs")

# %% [markdown]
# ## The map
#
# Point at a dot to see the song.

# %%
figure = go.Figure()
for style in sorted({song.style for song in songs}):
    rows = [row for row, song in enumerate(songs) if song.style == style]
    figure.add_scatter(
        x=places[rows, 0].round(4),
        y=places[rows, 1].round(4),
        mode="markers",
        name=style,
        text=[f"{songs[row].artist} - {songs[row].title}" for row in rows],
        hoverinfo="text",
        marker={"size": 12},
    )
figure.update_layout(width=700, height=500, xaxis_title="first direction", yaxis_title="second direction")
