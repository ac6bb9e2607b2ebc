# %% [markdown]
# # Speccy: from sound to the place that playlists give
#
# Track2Vec knows only what playlists hold. Speccy, a small network, hears five seconds of a song and learns to point
# to where Track2Vec put it; then it can place music that no playlist ever held. Here everything is tiny: twenty
# composed songs, two styles, a minute of training. It shows the way, not what a trained ear can do; for that see
# docs/quality.md.

# %%
import os
import shutil

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

from pathlib import Path

import numpy as np

from segue.demo.library import demo_manifest, make_demo
from segue.train.architectures import front_end
from segue.train.naming import track_key
from segue.train.options import LearnSpec
from segue.train.sentences import write_corpus
from segue.train.sources.playlist import SourcePlaylist, SourceTrack
from segue.train.speccy import SpeccyTrainer
from segue.train.track2vec import Track2VecSpec, train_vectors
from segue.train.tracks import HearSpec, hear_tracks, pair, split_by_group

rng = np.random.default_rng(3)
make_demo(Path("data/demo"), styles=("ambient", "chiptune"))
songs = demo_manifest(Path("data/demo"))
tracks = [SourceTrack(song.artist, song.title, path=Path("data/demo", song.file)) for song in songs]

# %% [markdown]
# ## Where playlists put the songs
#
# Made-up listeners play ten songs of one style each. Track2Vec turns that into vectors of a hundred numbers.

# %%
playlists = []
for number in range(200):
    style = rng.choice(["ambient", "chiptune"])
    of_style = [track for track, song in zip(tracks, songs, strict=True) if song.style == style]
    playlists.append(SourcePlaylist(str(number), style, tuple(of_style[k] for k in rng.permutation(len(of_style)))))
corpus = write_corpus(playlists, Path("data/corpus"), key_of=track_key)
placed = train_vectors(corpus, np.arange(len(corpus)), Track2VecSpec(epochs=5, min_count=1))
targets = dict(zip(placed.keys, placed.vectors, strict=True))
print(f"{len(targets)} tracks have a place")

# %% [markdown]
# ## Listening and learning
#
# Each song becomes slices of a mel spectrogram. Whole artists are held out: a network that had heard other songs of
# theirs would only have to know the artist again. The constant answer is the best that can be said without listening;
# the ratio to it is what listening is worth.

# %%
shutil.rmtree("data/training", ignore_errors=True)  # or it would go on where it stopped
spec = LearnSpec(arch="cnn1d", epochs=10, batch=16, slices_a_track=4, epoch_batches=8, seed=1)
heard = hear_tracks(
    {track_key(track): track.path for track in tracks}, Path("data/slices"), spec=HearSpec(front_end(spec.arch))
)
split = split_by_group(pair(heard.tracks, targets), share=0.3, rng=rng)
trainer = SpeccyTrainer(Path("data/training"), split, spec)
score = trainer.train(lambda epoch: print(f"epoch {epoch.number}: loss {epoch.loss:.3f}, {epoch.score}"))

# %% [markdown]
# ## What came of it

# %%
print(f"{len(split.learn)} songs learned from, {len(split.held_out)} of other artists measured on")
print(score)
