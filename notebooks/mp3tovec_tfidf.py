# %% [markdown]
# # MP3ToVec and TF-IDF: from slices to tracks
#
# An ear hears a song as slices of five seconds and gives each a vector. This notebook shows the slices of a few
# songs, and how they become one vector a track: slices that recur in the track count more (TF), slices that every
# track has count less (IDF). The songs are composed here, by Segue's own demo.

# %%
from pathlib import Path

import numpy as np

from segue.choose.index import Index
from segue.demo.library import demo_manifest, make_demo
from segue.embed.encoder import Encoder, load_ear
from segue.embed.hearing import hear
from segue.embed.pooling import count_same, pool

make_demo(Path("data/demo"), styles=("ambient", "chiptune"))
songs = demo_manifest(Path("data/demo"))
ear = load_ear("speccy")
encoder = Encoder(ear)
heard = [hear(Path("data/demo", song.file), encoder) for song in songs]
slices = {one.track_id: one.slice_vectors for one in heard}
print(
    f"{len(songs)} songs, {sum(map(len, slices.values()))} slices, {ear.dimension} numbers each, by {ear.fingerprint}"
)

# %% [markdown]
# ## Within one song
#
# The cosines between the slices of one song, each to each. A part that comes again is a bright square away from the
# diagonal.

# %%
first = heard[0].slice_vectors
print(songs[0].title, "by", songs[0].artist)
print(np.round(first @ first.T, 2))

# %% [markdown]
# ## What counts how much
#
# Two slices are "the same" if their cosine distance is below epsilon, which belongs to the ear. *tf* is the number of
# slices of the same track that are the same, *df* the number of tracks that have such a slice. With too small an
# epsilon nothing recurs and every slice counts alike.

# %%
stacked = np.concatenate(list(slices.values()))
owners = np.repeat(np.arange(len(slices)), [len(vectors) for vectors in slices.values()])
for epsilon in (0.001, 0.003, 0.01, 0.03, ear.epsilon):
    counts = count_same(stacked, owners, epsilon=epsilon)
    print(f"epsilon {epsilon:.3f}: mean tf {counts.tf.mean():.2f}, mean df {counts.df.mean():.2f}")

# %% [markdown]
# ## Tracks
#
# The share of the five nearest tracks that are of the same style, by TF-IDF and by the plain mean of the slices.
# Ambient and chiptune are easy to tell apart; real figures are in docs/quality.md.

# %%
styles = {one.track_id: song.style for one, song in zip(heard, songs, strict=True)}
for method in ("tfidf", "mean"):
    tracks = pool(slices, epsilon=ear.epsilon, method=method)
    index = Index.build(list(tracks), np.stack(list(tracks.values())))
    same = [styles[hit.track_id] == styles[track] for track in tracks for hit in index.similar(track, 5)]
    print(f"{method:6} {100 * np.mean(same):.0f} %")

# %% [markdown]
# The three tracks nearest to the first one:

# %%
titles = {one.track_id: f"{one.info.artist} - {one.info.title} ({styles[one.track_id]})" for one in heard}
print(titles[heard[0].track_id])
for hit in index.similar(heard[0].track_id, 3):
    print(f"  {hit.similarity:.3f} {titles[hit.track_id]}")
