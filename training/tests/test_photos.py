# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Photos end to end on a small drawn set: fit, load, check; and folders that cannot be used."""

from dataclasses import replace
import importlib.util
import json
from pathlib import Path
import shutil

import cv2
import numpy as np
import pytest
from rich.console import Console

from shelf_anomaly.artefact import load_artefact
from shelf_anomaly.checker import foreign_cells, photo_score, PhotoChecker
from shelf_anomaly.errors import ArtefactError, DatasetError, SettingsError
from shelf_anomaly.network import Network
from shelf_training.network import Scaling
from shelf_training.photo_folder import load_photos, PhotoSet
from shelf_training.photo_limits import conformal_threshold, Judged, photo_limits
from shelf_training.photo_look import fit_look
from shelf_training.photo_network import LabelledFeatures, train_detector
from shelf_training.photos import fit_photos, PhotoSettings
from shelf_training.planted import add_clutter, labelled_picture, lay, SIZE
from shelf_training.things import drawn, piece, Thing

_spec = importlib.util.spec_from_file_location(
    'photo_builders', Path(__file__).with_name('photo_builders.py')
)
builders = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(builders)

QUIET = Console(quiet=True)
TINY = PhotoSettings(epochs=24, code_dims=16, image_px=96, copies=16)


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return builders.write_photos(tmp_path_factory.mktemp('photos'))


@pytest.fixture(scope='module')
def model(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp('model') / 'heaps'
    fit_photos(folder, out, TINY, QUIET)
    return out


@pytest.fixture(scope='module')
def thesis_model(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp('model') / 'thesis'
    fit_photos(folder, out, PhotoSettings(network='thesis', epochs=3), QUIET)
    return out


def new_heap(product: str, seed: int = 99) -> np.ndarray:
    return builders.heap(builders.COLOURS[product], np.random.default_rng(seed))


def test_another_product_scores_above_the_own(model: Path) -> None:
    checker = PhotoChecker(load_artefact(model), threads=1)
    assert checker.products == ('blue', 'green', 'red')
    own = checker.check(new_heap('red'), 'red')
    other = checker.check(new_heap('green'), 'red')
    assert other.score > own.score + 1
    assert other.anomalous
    assert other.density < own.density


def test_a_foreign_thing_is_found_where_it_lies(model: Path) -> None:
    checker = PhotoChecker(load_artefact(model), threads=1)
    photo = cv2.resize(new_heap('red'), (192, 192), interpolation=cv2.INTER_CUBIC)
    before = checker.scores(photo, 'red').cells
    cv2.circle(photo, (60, 130), 22, (60, 220, 230), -1, cv2.LINE_AA)
    risen = checker.scores(photo, 'red').cells - before
    row, col = np.unravel_index(risen.argmax(), risen.shape)
    assert abs(32 * (col + 0.5) - 60) < 32
    assert abs(32 * (row + 0.5) - 130) < 32
    assert risen.max() > 2
    verdict = checker.check(photo, 'red')
    assert verdict.anomalous
    # in pixels of the photo as it was given, not of the network's input
    assert any(
        roi.x <= 60 < roi.x + roi.width and roi.y <= 130 < roi.y + roi.height
        for roi in verdict.regions
    )


def test_a_photo_of_another_shape_is_checked_without_squeezing(model: Path) -> None:
    checker = PhotoChecker(load_artefact(model), threads=1)
    wide = np.concatenate([new_heap('red', seed) for seed in (1, 2)], axis=1)
    scores = checker.scores(wide, 'red')
    assert scores.cells.shape == (4, 8)  # the area of 96x96 in the shape 1:2, in cells of 16


def test_a_model_of_an_older_kind_is_refused(model: Path, tmp_path: Path) -> None:
    shutil.copytree(model, tmp_path / 'old')
    manifest = tmp_path / 'old' / 'manifest.json'
    said = json.loads(manifest.read_text())
    for product in said['products'].values():
        product['spread'] = product.pop('threshold_spread')
    manifest.write_text(json.dumps(said))
    with pytest.raises(ArtefactError, match='no threshold_spread of red; fit the model again'):
        PhotoChecker(load_artefact(tmp_path / 'old')).check(new_heap('red'), 'red')


def test_an_unknown_product_is_named_with_the_known_ones(model: Path) -> None:
    with pytest.raises(SettingsError, match='--product Kiwi: the model knows blue, green, red'):
        PhotoChecker(load_artefact(model)).check(new_heap('red'), 'Kiwi')


def test_the_same_seed_makes_the_same_model(folder: Path, tmp_path: Path) -> None:
    short = replace(TINY, epochs=3, copies=2)
    first, again = (fit_photos(folder, tmp_path / name, short, QUIET) for name in 'ab')
    assert again.array('red/codes') == pytest.approx(first.array('red/codes'), abs=1e-5)
    assert [p['threshold'] for p in again.manifest['products'].values()] == pytest.approx(
        [p['threshold'] for p in first.manifest['products'].values()], abs=1e-4
    )


def test_model_folder_is_whole_and_the_card_shows_its_pictures(model: Path) -> None:
    card = (model / 'card.md').read_text()
    for name in ('training', 'scores', 'products', 'density', 'error', 'reconstructions'):
        assert f'plots/{name}.png' in card
        assert cv2.imread(str(model / 'plots' / f'{name}.png')) is not None
    assert '| red | 9 |' in card
    assert 'A detector of things that do not belong' in card
    manifest = load_artefact(model).manifest
    assert manifest['training']['auroc_swapped_left_out'] > 0.9
    assert manifest['parity']['max_rel'] < manifest['parity']['tolerance']


def test_the_thesis_way_judges_density_and_error_of_the_27_numbers(thesis_model: Path) -> None:
    artefact = load_artefact(thesis_model)
    assert artefact.array('red/codes').shape == (9, 27)
    checker = PhotoChecker(artefact, threads=1)
    verdict = checker.check(new_heap('red'), 'red')
    said = artefact.manifest['products']['red']
    low = verdict.density < said['density']
    high = verdict.reconstruction_error > said['error']
    assert verdict.anomalous == (low or high)
    assert not verdict.regions


def test_the_cells_or_the_look_of_the_whole_may_be_beyond_their_limit() -> None:
    limit = {
        'threshold': 4.0,
        'threshold_spread': 2.0,
        'density': -50.0,
        'density_spread': 10.0,
    }
    assert photo_score(3.0, -20.0, limit) == -0.5  # all is well
    assert photo_score(3.0, -49.0, limit) == pytest.approx(-0.05)  # nearly too strange
    assert photo_score(3.0, -80.0, limit) == 1.5  # goods of another kind
    assert photo_score(9.0, -60.0, limit) == 2.5  # a thing among them


def test_a_detector_learns_what_things_share() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(0, 0.3, (64, 10, 10, 4))
    foreign = np.zeros((64, 10, 10), np.float16)
    foreign[:32, 3:6, 4:7] = 1
    features[foreign > 0, 1] += 2
    data = LabelledFeatures(features.astype(np.float16), foreign, np.zeros(64, np.int64))
    scaling = Scaling(np.zeros(4), np.ones(4))
    detector = train_detector(
        data, np.arange(1, 63), np.array([0, 63]), scaling, epochs=30, seed=0
    )
    assert detector.history.loss[-1] < detector.history.loss[0] / 2
    assert len(detector.history.val_loss) == 30
    unseen, without = np.asarray(detector.network(features[[0, 63]].astype(np.float32)))[..., 0]
    assert unseen[3:6, 4:7].min() > unseen[7:].max() + 2
    assert without.max() < unseen[3:6, 4:7].min()


def test_a_look_tells_products_apart_that_were_never_met() -> None:
    rng = np.random.default_rng(0)
    features = 40
    noise = rng.normal(size=(features, features))  # how photos of one product differ
    middles = rng.normal(size=(4, features)) * 1.5

    def photos_of(product: int) -> np.ndarray:
        return middles[product] + rng.normal(size=(30, features)) @ noise / 6

    met = np.concatenate([photos_of(i) for i in range(3)])
    look = fit_look(met, np.repeat(np.arange(3), 30))
    known, own, unmet = (look.of(photos) for photos in (met[:30], photos_of(0), photos_of(3)))

    def nearest(looks: np.ndarray) -> np.ndarray:
        return np.linalg.norm(looks[:, None] - known[None], axis=2).min(axis=1)

    assert look.weights.shape == (features, 32)
    assert nearest(own).max() < nearest(unmet).min()


def test_a_look_does_not_see_how_strong_features_are() -> None:
    rng = np.random.default_rng(0)
    means = rng.normal(size=(18, 40))
    look = fit_look(means, np.repeat([0, 1], 9))
    assert look.of(3 * means) == pytest.approx(look.of(means), abs=1e-6)
    assert look.middle(means[:9]) == pytest.approx(look.of(means[:9]).mean(axis=0)[None])


def test_one_product_has_a_look_too() -> None:
    look = fit_look(np.random.default_rng(0).normal(size=(9, 40)), np.zeros(9, np.int64))
    assert np.isfinite(look.weights).all()


def test_a_photo_model_is_no_model_for_bays(model: Path) -> None:
    with pytest.raises(ArtefactError, match='made for photos'):
        load_artefact(model).require('bays')


@pytest.fixture
def photos(folder: Path) -> PhotoSet:
    return load_photos(folder, 96, 8, square=False, console=QUIET)


def test_folds_are_runs_of_photos(photos: PhotoSet) -> None:
    assert [p.fold for p in photos.of(0)] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert {p.fold for p in photos.of(1, without=2)} == {0, 1}


def test_cells_are_labelled_by_what_does_not_belong(photos: PhotoSet) -> None:
    rng = np.random.default_rng(0)
    plain = labelled_picture(photos.photos[0], photos, 96, 16, rng, things=False)
    assert not plain.foreign.any()
    assert plain.image.shape == (96, 96, 3)
    shares = [
        labelled_picture(photos.photos[0], photos, 96, 16, rng, things=True).foreign
        for _ in range(40)
    ]
    assert shares[0].shape == (6, 6)
    with_none = sum(not share.any() for share in shares)
    assert 0 < with_none < 20  # pieces of the own product alone belong
    assert max(share.max() for share in shares) > 0.9


def test_pictures_of_one_product_alone_can_be_made(tmp_path: Path) -> None:
    folder = builders.write_photos(tmp_path, products=('red',))
    alone = load_photos(folder, 96, 8, square=False, console=QUIET)
    rng = np.random.default_rng(0)
    made = [labelled_picture(alone.photos[0], alone, 96, 16, rng, things=True) for _ in range(10)]
    assert max(m.foreign.max() for m in made) > 0.5


def test_a_thing_is_laid_where_the_mask_says() -> None:
    rng = np.random.default_rng(1)
    thing = Thing(np.full((128, 128, 3), 200, np.float32), np.zeros((128, 128), np.float32))
    thing.mask[40:90, 20:110] = 1
    for _ in range(5):
        image, mask = lay(np.full((96, 96, 3), 120, np.uint8), thing, rng)
        long = max(np.ptp(np.argwhere(mask), axis=0))
        assert SIZE[0] * 96 / 2 < long < SIZE[1] * 96 * 1.2
        away = cv2.dilate(mask.astype(np.uint8), np.ones((31, 31))) == 0
        assert (image[away] == 120).all()
        assert abs(image[mask].mean() - 120) > 5


def test_things_are_many_and_clean(photos: PhotoSet) -> None:
    rng = np.random.default_rng(0)
    things = [drawn(rng) for _ in range(30)]
    things += [piece(photos.photos[0].image, rng, lit=0.5) for _ in range(10)]
    for thing in things:
        assert 200 < (thing.mask > 0.5).sum() < 0.9 * thing.mask.size
        assert np.isfinite(thing.image).all()
        assert 0 <= thing.image.min() <= thing.image.max() <= 255
    means = np.array([thing.image[thing.mask > 0.5].mean(axis=0) for thing in things[:30]])
    assert (means.std(axis=0) > 25).all()


def test_clutter_changes_a_picture_and_leaves_its_shape(photos: PhotoSet) -> None:
    rng = np.random.default_rng(0)
    image = photos.photos[0].image
    for _ in range(5):
        changed = add_clutter(image, photos.of(1), rng)
        assert changed.shape == image.shape
        assert 0.002 < (changed != image).any(axis=2).mean() < 0.8


def test_cells_are_the_first_channel_smoothed() -> None:
    code = np.full((9, 9, 4), 99, np.float32)
    code[..., 0] = 0
    code[4, 4, 0] = 10
    cells = foreign_cells(code)
    assert np.unravel_index(cells.argmax(), cells.shape) == (4, 4)
    assert 2 < cells.max() < 6
    assert cells.sum() == pytest.approx(10, rel=1e-3)


def test_conformal_threshold_is_the_right_order_statistic() -> None:
    # 9 scores, a = 0.2: rank ceil(10 * 0.8) = 8; a = 0.01: rank 10 of 9, so the highest
    assert conformal_threshold(np.arange(9.0)[::-1], 0.2) == 7.0
    assert conformal_threshold(np.arange(9.0), 0.01) == 8.0


def test_a_limit_is_shared_by_half_with_the_other_products() -> None:
    calm = [Judged(float(i), -10.0 * i) for i in range(100)]
    wild = [Judged(2.0 * i, -10.0 * i) for i in range(100)]
    limits = photo_limits({'calm': calm, 'wild': wild})
    own, all_together = 95.0, 180.0  # the 96th of 100; the 191st of 200, 10th from the top
    assert limits['calm']['threshold'] == (own + all_together) / 2
    assert limits['wild']['threshold'] == (2 * own + all_together) / 2
    assert limits['calm']['density'] == pytest.approx(-950, abs=10)
    spreads = {said['threshold_spread'] for said in limits.values()}
    assert spreads == {np.std([j.highest for j in calm + wild])}
    assert limits['calm']['normal_above'] < 0.06 < limits['wild']['normal_above']
    alone = photo_limits({'calm': calm})['calm']
    assert alone['threshold'] == own  # the split conformal one


def test_every_cell_holds_the_look_of_the_whole_photo(model: Path) -> None:
    artefact = load_artefact(model)
    middle = artefact.array('red/codes')
    assert middle.shape == (1, 32)
    network = Network(artefact.network_onnx, artefact.stride, threads=1)
    wide = np.concatenate([new_heap('red', seed) for seed in (1, 2)], axis=1)
    code, _ = network(wide)
    looks = code[..., -middle.shape[1] :].reshape(-1, middle.shape[1])
    assert looks == pytest.approx(np.broadcast_to(looks[0], looks.shape))


def test_folders_that_cannot_be_used_say_why(tmp_path: Path) -> None:
    def load(path: Path) -> PhotoSet:
        return load_photos(path, 96, 8, square=False, console=QUIET)

    with pytest.raises(DatasetError, match='nowhere: no such folder'):
        load(tmp_path / 'nowhere')
    with pytest.raises(DatasetError, match='no <product>/train folder; it holds nothing'):
        load(tmp_path)
    builders.write_photos(tmp_path, count=3, products=('red',))
    with pytest.raises(
        DatasetError, match=r'red/train: 3 photo\(s\) that can be read, at least 9'
    ):
        load(tmp_path)


def test_one_bad_photo_is_named_and_the_others_are_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    builders.write_photos(tmp_path, count=10, products=('red',))
    (tmp_path / 'red' / 'train' / '004.jpg').write_bytes(b'not a photo')
    found = load_photos(tmp_path, 96, 8, square=False, console=Console(width=200))
    assert len(found.photos) == 9
    assert '004.jpg: left out' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('wrong', 'said'),
    [({'network': 'gan'}, "--network is 'gan'"), ({'image_px': 100}, 'image_px is 100')],
)
def test_settings_out_of_range_are_refused(wrong: dict, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        PhotoSettings(**wrong)
