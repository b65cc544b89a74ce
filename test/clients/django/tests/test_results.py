"""What django-bulk-sync's own tests ask for, asked again: the same calls have to give the same results."""
from bulk_sync import bulk_compare, bulk_sync
from django.core.exceptions import FieldDoesNotExist
from django.db import IntegrityError
from django.db.models import Q
from django.test import TestCase

from .models import Company, Contractor, Desk, Employee, Office


def stats(created=0, updated=0, deleted=0):
    return {"created": created, "updated": updated, "deleted": deleted}


class Staff(TestCase):
    """Two companies, three people in the one and one in the other."""

    model = Employee

    def setUp(self):
        self.here = Company.objects.create(name="here")
        self.there = Company.objects.create(name="there")
        self.ann, self.ben, self.cleo = (self.hire(name, age) for name, age in (("Ann", 30), ("Ben", 40), ("Cleo", 50)))
        self.dora = self.hire("Dora", 60, self.there)

    def hire(self, name, age, company=None):
        return self.model.objects.create(name=name, age=age, company=company or self.here)

    def person(self, name, age, company=None, **values):
        return self.model(name=name, age=age, company=company or self.here, **values)

    def people(self):
        return list(self.model.objects.order_by("pk").values_list("pk", "name", "age", "company"))


class Syncs(Staff):
    def test_all_at_once(self):
        ann, ben = self.person("Ann", 31), self.person("Ben", 40)
        new, second_dora = self.person("Emil", 20), self.person("Dora", 61)
        result = bulk_sync([ann, ben, new, second_dora], key_fields=("name",), filters=Q(company_id=self.here.pk))
        self.assertEqual(result["stats"], stats(created=2, updated=2, deleted=1))
        self.assertEqual(result["written"], stats(created=2, updated=1, deleted=1))
        here, there = self.here.pk, self.there.pk
        self.assertEqual(
            self.people(),
            [
                (self.ann.pk, "Ann", 31, here),
                (self.ben.pk, "Ben", 40, here),
                (self.dora.pk, "Dora", 60, there),
                (new.pk, "Emil", 20, here),
                (second_dora.pk, "Dora", 61, here),
            ],
        )
        self.assertEqual((ann.pk, ben.pk), (self.ann.pk, self.ben.pk))
        for person in (ann, ben, new, second_dora):
            self.assertEqual((person._state.adding, person._state.db), (False, "default"))

    def test_twice_is_once(self):
        for expected in (stats(created=1, updated=1), stats()):
            objects = [self.person("Ann", 31), self.person("Ben", 40), self.person("Cleo", 50), self.person("Emil", 20)]
            result = bulk_sync(objects, ["name"], Q(company=self.here))
            self.assertEqual(result["written"], expected)
            self.assertNotIn(None, [person.pk for person in objects])

    def test_primary_key_that_is_given(self):
        with self.assertRaises(IntegrityError):  # Ann's, who would have to go
            bulk_sync([self.person("Emil", 20, pk=self.ann.pk)], ["name"], Q(company=self.here))
        with self.assertRaises(IntegrityError):  # hers, and she stays
            bulk_sync([self.person("Emil", 20, pk=self.ann.pk)], ["name"], Q(company=self.here), skip_deletes=True)
        with self.assertRaises(IntegrityError):  # that of somebody out of scope
            bulk_sync([self.person("Emil", 20, pk=self.dora.pk)], ["name"], Q(company=self.here))
        self.assertEqual(self.model.objects.count(), 4)
        emil, ben = self.person("Emil", 20, pk=self.dora.pk + 1000), self.person("Ben", 41, pk=self.dora.pk + 2000)
        result = bulk_sync([emil, ben], ["name"], Q(company=self.here))
        self.assertEqual(result["stats"], stats(created=1, updated=1, deleted=2))
        self.assertEqual(self.model.objects.get(name="Emil").pk, self.dora.pk + 1000)
        self.assertEqual(ben.pk, self.ben.pk)

    def test_fields(self):
        objects = [self.person("Ann", 31, self.there), self.person("Emil", 20, self.there)]
        result = bulk_sync(objects, ["name"], None, fields=["age"], skip_deletes=True)
        self.assertEqual(result["stats"], stats(created=1, updated=1))
        self.ann.refresh_from_db()
        self.assertEqual((self.ann.age, self.ann.company), (31, self.here))
        self.assertEqual(self.model.objects.get(name="Emil").company, self.there)

    def test_no_fields(self):
        result = bulk_sync([self.person("Ann", 31)], ["name"], None, fields=[], skip_deletes=True)
        self.assertEqual(result["written"], stats())

    def test_exclude_fields(self):
        objects = [self.person("Ann", 31, self.there)]
        with self.assertRaises(FieldDoesNotExist):
            bulk_sync(objects, ["name"], None, exclude_fields=["wage"])
        with self.assertRaises(FieldDoesNotExist):
            bulk_sync(objects, ["name"], None, fields=["wage"])
        for excluded in (["company"], ["company_id"]):
            bulk_sync(objects, ["name"], None, exclude_fields=excluded, skip_deletes=True)
            self.ann.refresh_from_db()
            self.assertEqual((self.ann.age, self.ann.company), (31, self.here))
        objects = [self.person("Ann", 32, self.there)]
        bulk_sync(objects, ["name"], None, None, ["age", "company"], ["company"], skip_deletes=1)
        self.ann.refresh_from_db()
        self.assertEqual((self.ann.age, self.ann.company), (32, self.here))

    def test_skip_creates(self):
        emil, ann = self.person("Emil", 20), self.person("Ann", 31)
        result = bulk_sync([emil, ann], ["name"], Q(company=self.here), skip_creates=True)
        self.assertEqual(result["stats"], stats(updated=1, deleted=2))
        self.assertIsNone(emil.pk)
        self.assertTrue(emil._state.adding)
        self.assertEqual(ann.pk, self.ann.pk)
        self.assertFalse(self.model.objects.filter(name="Emil").exists())

    def test_skip_updates(self):
        ann, emil = self.person("Ann", 31), self.person("Emil", 20)
        result = bulk_sync([ann, emil], ["name"], Q(company=self.here), skip_updates=True)
        self.assertEqual(result["stats"], stats(created=1, deleted=2))
        self.ann.refresh_from_db()
        self.assertEqual((self.ann.age, ann.pk), (30, self.ann.pk))

    def test_skip_deletes(self):
        result = bulk_sync([self.person("Ann", 31)], ["name"], None, skip_deletes=True)
        self.assertEqual(result["stats"], stats(updated=1))
        self.assertEqual([age for _, _, age, _ in self.people()], [31, 40, 50, 60])

    def test_skip_all(self):
        before = self.people()
        objects = [self.person("Ann", 31), self.person("Emil", 20)]
        result = bulk_sync(objects, ["name"], None, skip_creates=True, skip_updates=True, skip_deletes=True)
        self.assertEqual(result["stats"], stats())
        self.assertEqual(self.people(), before)

    def test_nothing_to_tell_the_model(self):
        with self.assertRaises(RuntimeError):
            bulk_sync([], ["name"], None)
        self.assertEqual(bulk_sync([], ["name"], Q(company=self.here), db_class=self.model)["stats"], stats(deleted=3))
        self.assertEqual(bulk_sync(self.model.objects.none(), ["name"], [])["stats"], stats(deleted=1))
        self.assertEqual(bulk_sync([], ["name"], None, db_class=self.model)["stats"], stats())

    def test_values_that_are_not_of_their_type_yet(self):
        person = self.model(name="Ann", age="30", company_id=str(self.there.pk))
        result = bulk_sync([person], ["name", "age"], Q(name="Ann"))
        self.assertEqual(result["stats"], stats(updated=1))
        self.ann.refresh_from_db()
        self.assertEqual((self.ann.company, person.pk), (self.there, self.ann.pk))


class SyncsWithAnotherPrimaryKey(Syncs):
    model = Contractor


class ForeignKeysAsKeys(Staff):
    def test_select_for_update_of(self):
        first, second = Office.objects.create(id="first"), Office.objects.create(id="second")
        old = Desk.objects.create(employee=self.ann, office=first)
        new = Desk(employee=self.dora, office=second)
        keys = ("office_id", "employee")
        only_new = {"skip_deletes": True, "skip_updates": True, "select_for_update_of": ("self",)}
        self.assertEqual(bulk_sync([new], keys, None, **only_new)["stats"], stats(created=1))
        self.assertEqual(list(self.dora.offices.all()), [second])
        self.assertEqual(set(Desk.objects.values_list("pk", flat=True)), {old.pk, new.pk})
        for expected in (stats(created=1, deleted=1), stats()):
            ann, nobody = Desk(employee=self.ann, office=first), Desk(employee=None, office=first)
            result = bulk_sync([ann, nobody], keys, None)
            self.assertEqual(result["written"], expected)
            self.assertEqual((ann.pk, nobody.pk), (old.pk, Desk.objects.get(employee=None).pk))


class Compares(Staff):
    def setUp(self):
        super().setUp()
        self.new = [self.person("Ann", 31), self.person("Ben", 40), self.person("Emil", 20), self.person("Dora", 61)]

    def compare(self, **options):
        old = self.model.objects.filter(company=self.here).order_by("-name")
        return bulk_compare(old_models=old, new_models=iter(self.new), key_fields=("name",), **options)

    def test_all(self):
        ann, ben, emil, dora = self.new
        result = self.compare()
        expected = {
            "added": [emil, dora],
            "unchanged": [ben],
            "updated": [ann],
            "updated_details": {ann: {"age": (30, 31)}},
            "removed": [self.cleo],
        }
        self.assertEqual(result, expected)
        self.assertEqual((ann.pk, ben.pk, emil.pk), (self.ann.pk, self.ben.pk, None))

    def test_ignored_field(self):
        ann, ben, emil, dora = self.new
        result = self.compare(ignore_fields=("age",))
        self.assertEqual((result["updated"], result["updated_details"]), ([], {}))
        self.assertEqual((result["unchanged"], result["added"]), ([ann, ben], [emil, dora]))

    def test_ignored_relation(self):
        ann, ben, _, _ = self.new
        ben.company = self.there
        self.assertEqual(self.compare()["updated_details"][ben], {"company": (self.here.pk, self.there.pk)})
        for name in ("company", "company_id"):
            result = self.compare(ignore_fields=[name])
            self.assertEqual(result["updated_details"], {ann: {"age": (30, 31)}})
            self.assertEqual(result["unchanged"], [ben])

    def test_values_that_are_not_of_their_type_yet(self):
        self.new[1].age = "40"
        self.assertEqual(self.compare()["unchanged"], [self.new[1]])

    def test_against_the_database(self):
        """What it finds is what bulk_sync does."""
        result = self.compare()
        written = bulk_sync(self.new, ["name"], Q(company=self.here))["written"]
        self.assertEqual(written, stats(len(result["added"]), len(result["updated"]), len(result["removed"])))
        self.assertEqual(len(self.compare()["unchanged"]), 4)


class ComparesWithAnotherPrimaryKey(Compares):
    model = Contractor
