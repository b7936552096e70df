"""Marks by transaction, who holds a run's lease, and what a running read has named."""

import collectors.facts.touched
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('collectors', '0002_agreement_line'),
    ]

    operations = [
        migrations.AddField(
            model_name='collectorrun',
            name='worker',
            field=models.TextField(blank=True, default='', editable=False),
        ),
        migrations.DeleteModel(name='Touched'),  # a composite key cannot be altered
        migrations.CreateModel(
            name='Touched',
            fields=[
                ('pk', models.CompositePrimaryKey('entity', 'account', 'month', 'left_by', blank=True, editable=False, primary_key=True, serialize=False)),
                ('entity', models.TextField()),
                ('account', models.BigIntegerField()),
                ('month', models.DateField()),
                ('left_by', models.BigIntegerField(db_default=collectors.facts.touched.TransactionId(), editable=False)),
            ],
            options={
                'db_table': 'touched',
            },
        ),
        migrations.CreateModel(
            name='Seen',
            fields=[
                ('pk', models.CompositePrimaryKey('connection', 'endpoint', 'external_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('endpoint', models.TextField()),
                ('external_id', models.TextField()),
                ('record', models.JSONField(null=True)),
                ('connection', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='collectors.connection')),
            ],
            options={
                'db_table': 'seen',
            },
        ),
        migrations.RunSQL('ALTER TABLE seen SET UNLOGGED', 'ALTER TABLE seen SET LOGGED'),
    ]
