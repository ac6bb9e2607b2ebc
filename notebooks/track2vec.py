# %% [markdown]
# # Track2Vec: playlists are sentences, tracks are words
#
# Tracks that people put together lie together. Here the people are made up: each playlist wanders through one of six
# scenes, and now and then takes a track from another one. Track2Vec is told nothing of scenes; it sees the playlists
# alone.

# %%
from pathlib import Path

import numpy as np

from segue.choose.index import Index
from segue.train.naming import track_key
from segue.train.sources.jsonl import write_playlists
from segue.train.sources.playlist import SourcePlaylist, SourceTrack
from segue.train.sources.reading import read_playlists
from segue.train.track2vec import Track2VecSpec, load_vectors
from segue.train.track2vec_run import RunSpec, learn, table

SCENES = ("dub", "techno", "folk", "bebop", "metal", "baroque")
rng = np.random.default_rng(7)

# %% [markdown]
# ## Playlists
#
# Six hundred of them, ten tracks each, out of twenty tracks a scene. They are written and read as any file of
# playlists is; the report says what was found.

# %%
made = []
for number in range(600):
    home = rng.choice(SCENES)
    scenes = [home if rng.random() < 0.9 else rng.choice(SCENES) for _ in range(10)]
    tracks = tuple(
        SourceTrack(f"{scene} artist {k % 5}", f"{scene} {k}") for scene in scenes for k in [rng.integers(20)]
    )
    made.append(SourcePlaylist(f"list {number}", f"a list of {home}", tracks))
write_playlists(Path("data/playlists.jsonl"), made)
reading = read_playlists(["data/playlists.jsonl"])
report = learn(
    reading, Track2VecSpec(epochs=10, window=5, size=32), RunSpec(Path("data/track2vec"), lookback=5), key_of=track_key
)
print(reading.report)

# %% [markdown]
# ## Does it know what comes next?
#
# A tenth of the playlists was held out. Given the tracks so far, all tracks are ranked by how well they would follow;
# *hit@10* says how often the real next track was among the first ten. Popularity, and counting what stood together,
# are the yardsticks.

# %%
print(table(report))

# %% [markdown]
# ## Neighbours
#
# The nearest tracks to one of each scene, by the cosine of their vectors. The scene is part of the made-up title, so
# that one can see it.

# %%
learned = load_vectors(Path("data/track2vec"))
index = Index.build(learned.keys, learned.vectors)
titles = {key: title for key, (_, title) in zip(learned.keys, learned.names, strict=True)}
first = {title.split()[0]: key for key, title in titles.items()}
for scene in SCENES:
    near = ", ".join(titles[hit.track_id] for hit in index.similar(first[scene], 5))
    print(f"{titles[first[scene]]:12} -> {near}")

# %% [markdown]
# How many of all tracks' five nearest are of the same scene (one in six would be chance):

# %%
same = [
    titles[hit.track_id].split()[0] == titles[key].split()[0] for key in learned.keys for hit in index.similar(key, 5)
]
print(f"{100 * np.mean(same):.0f} %")
