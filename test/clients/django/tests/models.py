"""The models of the tests: one for each thing that a model can have and a sync has to get right."""
import uuid

import django
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Length, Now


class Company(models.Model):
    name = models.CharField(max_length=140)


class Employee(models.Model):
    """Nothing refers to it, so the server deletes its rows."""

    name = models.CharField(max_length=140, null=True)
    age = models.IntegerField()
    company = models.ForeignKey(Company, models.CASCADE)

    def __str__(self):
        return f"{self.name} ({self.age})"


class Contractor(models.Model):
    """Has a primary key of another name."""

    contractor_no = models.AutoField(primary_key=True)
    name = models.CharField(max_length=140, null=True)
    age = models.IntegerField()
    company = models.ForeignKey(Company, models.CASCADE)


class Badge(models.Model):
    """Has a unique index that tells imports of different companies apart."""

    company = models.ForeignKey(Company, models.CASCADE)
    name = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "name"], name="badge_of_company")]


class Office(models.Model):
    id = models.CharField(max_length=100, primary_key=True)
    people = models.ManyToManyField(Employee, through="Desk", related_name="offices")


class Desk(models.Model):
    office = models.ForeignKey(Office, models.CASCADE)
    employee = models.ForeignKey(Employee, models.DO_NOTHING, null=True)


class Project(models.Model):
    """Tasks go with it, and reports forbid to delete it: both is Django's doing."""

    name = models.CharField(max_length=50, unique=True)
    budget = models.IntegerField(default=0)
    closed_at = models.DateTimeField(null=True)


class Task(models.Model):
    name = models.CharField(max_length=50)
    project = models.ForeignKey(Project, models.CASCADE)


class Report(models.Model):
    project = models.ForeignKey(Project, models.PROTECT)


class Colour:
    def __init__(self, red, green, blue):
        self.parts = (red, green, blue)

    def __eq__(self, other):
        return isinstance(other, Colour) and self.parts == other.parts


class ColourField(models.CharField):
    """A Colour in Python, #rrggbb in the database."""

    def get_prep_value(self, value):
        return "#%02x%02x%02x" % value.parts if isinstance(value, Colour) else value

    def get_db_prep_save(self, value, connection):
        return super().get_db_prep_save(value, connection).upper()

    def from_db_value(self, value, expression, connection):
        return value and Colour(*bytes.fromhex(value[1:]))


class CodeField(models.CharField):
    """A primary key that is another value in Python than in the database."""

    def get_prep_value(self, value):
        return value and f"code-{value}"

    def from_db_value(self, value, expression, connection):
        return value and value[len("code-") :]


class Coded(models.Model):
    code = CodeField(max_length=20, primary_key=True)
    name = models.TextField()


class Everything(models.Model):
    name = models.CharField(max_length=50, unique=True)
    number = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    fraction = models.FloatField(null=True)
    big = models.BigIntegerField(null=True)
    flag = models.BooleanField(null=True)
    day = models.DateField(null=True)
    moment = models.DateTimeField(null=True)
    time = models.TimeField(null=True)
    span = models.DurationField(null=True)
    unique_id = models.UUIDField(null=True)
    data = models.JSONField(null=True)
    numbers = ArrayField(models.IntegerField(), null=True)
    words = ArrayField(ArrayField(models.CharField(max_length=20)), null=True)
    raw = models.BinaryField(null=True, editable=True)
    address = models.GenericIPAddressField(null=True)
    colour = ColourField(max_length=7, default=Colour(0, 0, 0))


class Token(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.TextField()
    value = models.IntegerField(default=0)


class Stamped(models.Model):
    name = models.TextField()
    value = models.IntegerField(default=0)
    hidden = models.IntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)
    left_at = models.DateTimeField(null=True)


class OddlyNamed(models.Model):
    full_name = models.TextField(db_column="Full Name")
    order = models.IntegerField(db_column="order", default=0)
    owner = models.ForeignKey(Company, models.CASCADE, db_column="Owner's id", null=True, db_constraint=False)

    class Meta:
        db_table = '"Other Schema"."Odd Table"'


class Passport(models.Model):
    """Its primary key is a foreign key."""

    employee = models.OneToOneField(Employee, models.DO_NOTHING, primary_key=True)
    number = models.TextField()


class Part(models.Model):
    """A tree in one table."""

    name = models.TextField()
    parent = models.ForeignKey("self", models.DO_NOTHING, null=True)


class Folder(models.Model):
    """A tree whose branches go with what they are in."""

    name = models.TextField()
    parent = models.ForeignKey("self", models.CASCADE, null=True)


class Place(models.Model):
    name = models.TextField()


class Restaurant(Place):
    """Has its columns in two tables."""

    stars = models.IntegerField(default=0)


class NamedPlace(Place):
    class Meta:
        proxy = True


class RestaurantProxy(Restaurant):
    class Meta:
        proxy = True


class MemberQuerySet(models.QuerySet):
    def delete(self):
        return self.update(active=False)


class ActiveMembers(models.Manager.from_queryset(MemberQuerySet)):
    def get_queryset(self):
        return super().get_queryset().filter(active=True)


class Member(models.Model):
    """Is hidden when it has left, and never deleted."""

    name = models.TextField()
    active = models.BooleanField(default=True, editable=False)

    objects = ActiveMembers()
    everyone = models.Manager()


class Ordered(models.Model):
    """Its rows come in an order that needs another table."""

    name = models.TextField()
    company = models.ForeignKey(Company, models.CASCADE, null=True)

    class Meta:
        ordering = ["company__name"]


class WithCounts(models.Manager):
    def get_queryset(self):
        return super().get_queryset().annotate(staff=models.Count("employee"), length=Length("name"))


class CountedCompany(Company):
    """Its manager adds what is not in its table."""

    objects = WithCounts()

    class Meta:
        proxy = True


class Grouped(models.Manager):
    def get_queryset(self):
        return super().get_queryset().annotate(rows=models.Count("pk"))


class GroupedCompany(Company):
    """Its manager needs no other table, and more than a WHERE."""

    objects = Grouped()

    class Meta:
        proxy = True


if django.VERSION >= (5, 2):

    class Computed(models.Model):
        """What the database computes: defaults, and columns made of others."""

        pk = models.CompositePrimaryKey("company_no", "number")
        company_no = models.IntegerField()
        number = models.IntegerField()
        name = models.TextField()
        price = models.IntegerField(db_default=7)
        made_at = models.DateTimeField(db_default=Now())
        double = models.GeneratedField(
            expression=models.F("price") * 2, output_field=models.IntegerField(), db_persist=True
        )
